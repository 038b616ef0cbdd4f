// SPDX-License-Identifier: Apache-2.0 OR MIT

// sha2-256 of sixteen messages side by side with AVX-512: each 32-bit word of a
// register belongs to another message. Only functions marked
// DAGFS_AVX512_TARGET may call these, and only where has_avx512().

#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <utility>

// Compiled for these whatever the rest of the program is compiled for.
#define DAGFS_AVX512_TARGET __attribute__((target("avx512f,avx512bw")))
#define DAGFS_AVX512_INLINE \
  __attribute__((target("avx512f,avx512bw"), always_inline)) inline

namespace dagfs::car::sha256::avx512 {

inline bool has_avx512() {
  return __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0;
}

inline constexpr std::size_t kLanes = 16;

// The truth tables of what sha2-256 does with three words, for ternarylogic.
inline constexpr int kXor = 0x96;
inline constexpr int kChoose = 0xca;
inline constexpr int kMajority = 0xe8;

// For each of the eight words of the state, or sixteen of a block, a register
// with that word of all messages.
struct State {
  __m512i words[8];
};
struct Block {
  __m512i words[16];
};

DAGFS_AVX512_INLINE __m512i big_sigma0(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 2),
                                   _mm512_ror_epi32(x, 13),
                                   _mm512_ror_epi32(x, 22), kXor);
}

DAGFS_AVX512_INLINE __m512i big_sigma1(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 6),
                                   _mm512_ror_epi32(x, 11),
                                   _mm512_ror_epi32(x, 25), kXor);
}

DAGFS_AVX512_INLINE __m512i small_sigma0(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 7),
                                   _mm512_ror_epi32(x, 18),
                                   _mm512_srli_epi32(x, 3), kXor);
}

DAGFS_AVX512_INLINE __m512i small_sigma1(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, 17),
                                   _mm512_ror_epi32(x, 19),
                                   _mm512_srli_epi32(x, 10), kXor);
}

// One round; `added` is the round's constant and its word of the message. The
// words of the state keep their places and change roles instead, so that after
// eight rounds each has its own again.
template <std::size_t kRound>
DAGFS_AVX512_INLINE void round(State& state, __m512i added) {
  const auto role = [](std::size_t i) { return (i + 8 - kRound % 8) % 8; };
  __m512i* const s = state.words;
  const __m512i a = s[role(0)];
  const __m512i e = s[role(4)];
  __m512i& d = s[role(3)];
  __m512i& h = s[role(7)];

  h = _mm512_add_epi32(h, added);
  const __m512i choose =
      _mm512_ternarylogic_epi32(e, s[role(5)], s[role(6)], kChoose);
  h = _mm512_add_epi32(h, _mm512_add_epi32(choose, big_sigma1(e)));
  d = _mm512_add_epi32(d, h);
  const __m512i majority =
      _mm512_ternarylogic_epi32(a, s[role(1)], s[role(2)], kMajority);
  h = _mm512_add_epi32(h, _mm512_add_epi32(majority, big_sigma0(a)));
}

DAGFS_AVX512_INLINE __m512i broadcast(std::uint32_t word) {
  return _mm512_set1_epi32(static_cast<int>(word));
}

// A round with a word of the message, which then makes room for the word of
// sixteen rounds later.
template <bool kExtend, std::size_t kRound>
DAGFS_AVX512_INLINE void message_round(State& state, Block& block,
                                       const std::uint32_t* constants) {
  __m512i* const w = block.words;
  round<kRound>(state,
                _mm512_add_epi32(w[kRound], broadcast(constants[kRound])));
  if constexpr (kExtend) {
    const __m512i sum =
        _mm512_add_epi32(w[kRound], small_sigma0(w[(kRound + 1) % 16]));
    const __m512i other = _mm512_add_epi32(w[(kRound + 9) % 16],
                                           small_sigma1(w[(kRound + 14) % 16]));
    w[kRound] = _mm512_add_epi32(sum, other);
  }
}

// Sixteen rounds, whose constants these are.
template <bool kExtend, std::size_t... kRounds>
DAGFS_AVX512_INLINE void message_rounds(State& state, Block& block,
                                        const std::uint32_t* constants,
                                        std::index_sequence<kRounds...>) {
  (message_round<kExtend, kRounds>(state, block, constants), ...);
}

DAGFS_AVX512_INLINE void add(State& state, const State& other) {
  for (std::size_t i = 0; i < 8; ++i) {
    state.words[i] = _mm512_add_epi32(state.words[i], other.words[i]);
  }
}

// Four rows of four 128-bit parts each: rows become columns.
DAGFS_AVX512_INLINE void transpose_parts(const __m512i (&in)[4],
                                         __m512i (&out)[4]) {
  const __m512i low01 = _mm512_shuffle_i32x4(in[0], in[1], 0x44);
  const __m512i high01 = _mm512_shuffle_i32x4(in[0], in[1], 0xee);
  const __m512i low23 = _mm512_shuffle_i32x4(in[2], in[3], 0x44);
  const __m512i high23 = _mm512_shuffle_i32x4(in[2], in[3], 0xee);
  out[0] = _mm512_shuffle_i32x4(low01, low23, 0x88);
  out[1] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
  out[2] = _mm512_shuffle_i32x4(high01, high23, 0x88);
  out[3] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
}

// Within each 128-bit part: four rows of four words, rows become columns.
DAGFS_AVX512_INLINE void transpose_words(const __m512i (&in)[4],
                                         __m512i (&out)[4]) {
  const __m512i low01 = _mm512_unpacklo_epi32(in[0], in[1]);
  const __m512i high01 = _mm512_unpackhi_epi32(in[0], in[1]);
  const __m512i low23 = _mm512_unpacklo_epi32(in[2], in[3]);
  const __m512i high23 = _mm512_unpackhi_epi32(in[2], in[3]);
  out[0] = _mm512_unpacklo_epi64(low01, low23);
  out[1] = _mm512_unpackhi_epi64(low01, low23);
  out[2] = _mm512_unpacklo_epi64(high01, high23);
  out[3] = _mm512_unpackhi_epi64(high01, high23);
}

// Reverses the bytes of each word.
DAGFS_AVX512_INLINE __m512i swapped(__m512i words) {
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order));
}

// The 64 bytes at `offset` of each message.
DAGFS_AVX512_INLINE void load(const std::byte* const* messages,
                              std::size_t offset, Block& block) {
  __m512i parts[4][4];  // [word of a part][four messages]
  for (std::size_t four = 0; four < 4; ++four) {
    __m512i rows[4];
    for (std::size_t i = 0; i < 4; ++i) {
      rows[i] = swapped(_mm512_loadu_si512(messages[four * 4 + i] + offset));
    }
    __m512i columns[4];
    transpose_words(rows, columns);
    for (std::size_t i = 0; i < 4; ++i) parts[i][four] = columns[i];
  }
  for (std::size_t i = 0; i < 4; ++i) {
    __m512i columns[4];
    transpose_parts(parts[i], columns);
    for (std::size_t part = 0; part < 4; ++part) {
      block.words[part * 4 + i] = columns[part];
    }
  }
}

}  // namespace dagfs::car::sha256::avx512

#endif
