// SPDX-License-Identifier: Apache-2.0 OR MIT

// sha2-256 of eight messages side by side with AVX2: each 32-bit word of a
// register belongs to another message. Only functions marked DAGFS_AVX2_TARGET
// may call these, and only where has_avx2().

#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <utility>

// Compiled for these whatever the rest of the program is compiled for.
#define DAGFS_AVX2_TARGET __attribute__((target("avx2")))
#define DAGFS_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

namespace dagfs::car::sha256::avx2 {

inline bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }

inline constexpr std::size_t kLanes = 8;

// For each of the eight words of the state, or sixteen of a block, a register
// with that word of all messages.
struct State {
  __m256i words[8];
};
struct Block {
  __m256i words[16];
};

template <int kBits>
DAGFS_AVX2_INLINE __m256i rotated(__m256i x) {
  return _mm256_or_si256(_mm256_srli_epi32(x, kBits),
                         _mm256_slli_epi32(x, 32 - kBits));
}

template <int kFirst, int kSecond, int kThird>
DAGFS_AVX2_INLINE __m256i big_sigma(__m256i x) {
  return _mm256_xor_si256(
      rotated<kFirst>(x),
      _mm256_xor_si256(rotated<kSecond>(x), rotated<kThird>(x)));
}

template <int kFirst, int kSecond, int kShift>
DAGFS_AVX2_INLINE __m256i small_sigma(__m256i x) {
  return _mm256_xor_si256(
      rotated<kFirst>(x),
      _mm256_xor_si256(rotated<kSecond>(x), _mm256_srli_epi32(x, kShift)));
}

// One round; `added` is the round's constant and its word of the message. The
// words of the state keep their places and change roles instead, so that after
// eight rounds each has its own again.
template <std::size_t kRound>
DAGFS_AVX2_INLINE void round(State& state, __m256i added) {
  const auto role = [](std::size_t i) { return (i + 8 - kRound % 8) % 8; };
  __m256i* const s = state.words;
  const __m256i a = s[role(0)];
  const __m256i b = s[role(1)];
  const __m256i e = s[role(4)];
  __m256i& d = s[role(3)];
  __m256i& h = s[role(7)];

  h = _mm256_add_epi32(h, added);
  // Bits of the second where e has one, else of the third.
  const __m256i choose = _mm256_xor_si256(
      s[role(6)],
      _mm256_and_si256(e, _mm256_xor_si256(s[role(5)], s[role(6)])));
  h = _mm256_add_epi32(h, _mm256_add_epi32(choose, big_sigma<6, 11, 25>(e)));
  d = _mm256_add_epi32(d, h);
  // Where a and b agree, that; else what the third says.
  const __m256i majority =
      _mm256_xor_si256(b, _mm256_and_si256(_mm256_xor_si256(a, b),
                                           _mm256_xor_si256(b, s[role(2)])));
  h = _mm256_add_epi32(h, _mm256_add_epi32(majority, big_sigma<2, 13, 22>(a)));
}

DAGFS_AVX2_INLINE __m256i broadcast(std::uint32_t word) {
  return _mm256_set1_epi32(static_cast<int>(word));
}

// A round with a word of the message, which then makes room for the word of
// sixteen rounds later.
template <bool kExtend, std::size_t kRound>
DAGFS_AVX2_INLINE void message_round(State& state, Block& block,
                                     const std::uint32_t* constants) {
  __m256i* const w = block.words;
  round<kRound>(state,
                _mm256_add_epi32(w[kRound], broadcast(constants[kRound])));
  if constexpr (kExtend) {
    const __m256i sum = _mm256_add_epi32(
        w[kRound], small_sigma<7, 18, 3>(w[(kRound + 1) % 16]));
    const __m256i other = _mm256_add_epi32(
        w[(kRound + 9) % 16], small_sigma<17, 19, 10>(w[(kRound + 14) % 16]));
    w[kRound] = _mm256_add_epi32(sum, other);
  }
}

// Sixteen rounds, whose constants these are.
template <bool kExtend, std::size_t... kRounds>
DAGFS_AVX2_INLINE void message_rounds(State& state, Block& block,
                                      const std::uint32_t* constants,
                                      std::index_sequence<kRounds...>) {
  (message_round<kExtend, kRounds>(state, block, constants), ...);
}

DAGFS_AVX2_INLINE void add(State& state, const State& other) {
  for (std::size_t i = 0; i < 8; ++i) {
    state.words[i] = _mm256_add_epi32(state.words[i], other.words[i]);
  }
}

// Eight rows of eight words: rows become columns.
DAGFS_AVX2_INLINE void transpose(const __m256i (&in)[8], __m256i* out) {
  __m256i parts[8];  // [half * 4 + word of a part]: of four rows.
  for (std::size_t half = 0; half < 2; ++half) {
    const __m256i* const rows = in + half * 4;
    const __m256i low01 = _mm256_unpacklo_epi32(rows[0], rows[1]);
    const __m256i high01 = _mm256_unpackhi_epi32(rows[0], rows[1]);
    const __m256i low23 = _mm256_unpacklo_epi32(rows[2], rows[3]);
    const __m256i high23 = _mm256_unpackhi_epi32(rows[2], rows[3]);
    parts[half * 4 + 0] = _mm256_unpacklo_epi64(low01, low23);
    parts[half * 4 + 1] = _mm256_unpackhi_epi64(low01, low23);
    parts[half * 4 + 2] = _mm256_unpacklo_epi64(high01, high23);
    parts[half * 4 + 3] = _mm256_unpackhi_epi64(high01, high23);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = _mm256_permute2x128_si256(parts[i], parts[4 + i], 0x20);
    out[4 + i] = _mm256_permute2x128_si256(parts[i], parts[4 + i], 0x31);
  }
}

// Reverses the bytes of each word.
DAGFS_AVX2_INLINE __m256i swapped(__m256i words) {
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm256_shuffle_epi8(words, _mm256_broadcastsi128_si256(order));
}

// The 64 bytes at `offset` of each message.
DAGFS_AVX2_INLINE void load(const std::byte* const* messages,
                            std::size_t offset, Block& block) {
  for (std::size_t half = 0; half < 2; ++half) {
    __m256i rows[8];
    for (std::size_t i = 0; i < 8; ++i) {
      const std::byte* const from = messages[i] + offset + half * 32;
      rows[i] =
          swapped(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    }
    transpose(rows, block.words + half * 8);
  }
}

}  // namespace dagfs::car::sha256::avx2

#endif
