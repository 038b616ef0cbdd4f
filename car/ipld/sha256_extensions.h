// SPDX-License-Identifier: Apache-2.0 OR MIT

// sha2-256 with the SHA extensions of x86, in pieces that interleave: whoever
// hashes several messages side by side calls each step for one after the other.
// Only functions marked DAGFS_SHA_TARGET may call them, and only where
// has_sha256_pair().

#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "car/ipld/sha256_constants.h"

// Compiled for these whatever the rest of the program is compiled for.
#define DAGFS_SHA_TARGET __attribute__((target("sha,sse4.1")))
#define DAGFS_SHA_INLINE \
  __attribute__((target("sha,sse4.1"), always_inline)) inline

namespace dagfs::car::sha256 {

// The eight words of the state as the instructions want them: a, b, e, f in one
// register and c, d, g, h in another, the first word highest.
struct State {
  __m128i abef;
  __m128i cdgh;
};

// One message on its way through the rounds: its state, and the sixteen words
// of the schedule that are live.
struct Lane {
  State state;
  __m128i w0;
  __m128i w1;
  __m128i w2;
  __m128i w3;
};

inline constexpr std::size_t kHashBlockSize = 64;

// Reverses the bytes of each of four words.
DAGFS_SHA_INLINE __m128i byte_swap() {
  return _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
}

DAGFS_SHA_INLINE __m128i load_words(const std::byte* from) {
  return _mm_shuffle_epi8(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), byte_swap());
}

DAGFS_SHA_INLINE void start_block(Lane& lane, const State& state,
                                  const std::byte* block) {
  lane.state = state;
  lane.w0 = load_words(block);
  lane.w1 = load_words(block + 16);
  lane.w2 = load_words(block + 32);
  lane.w3 = load_words(block + 48);
}

DAGFS_SHA_INLINE void finish_block(const Lane& lane, State& state) {
  state.abef = _mm_add_epi32(state.abef, lane.state.abef);
  state.cdgh = _mm_add_epi32(state.cdgh, lane.state.cdgh);
}

DAGFS_SHA_INLINE void four_rounds(State& state, __m128i words,
                                  const std::uint32_t* constants) {
  __m128i sum = _mm_add_epi32(
      words, _mm_load_si128(reinterpret_cast<const __m128i*>(constants)));
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
  sum = _mm_shuffle_epi32(sum, 0x0e);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, sum);
}

// The four words that take the place of `a`, from the sixteen up to `d`.
DAGFS_SHA_INLINE void schedule(__m128i& a, __m128i b, __m128i c, __m128i d) {
  const __m128i sum =
      _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
  a = _mm_sha256msg2_epu32(sum, d);
}

DAGFS_SHA_INLINE State initial_state() {
  const auto word = [](std::size_t i) {
    return static_cast<int>(kSha256InitialState[i]);
  };
  return {_mm_set_epi32(word(0), word(1), word(4), word(5)),
          _mm_set_epi32(word(2), word(3), word(6), word(7))};
}

DAGFS_SHA_INLINE std::array<std::byte, 32> digest_of(const State& state) {
  // To a, b, c, d and e, f, g, h, the first word lowest, and big-endian.
  const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
  const __m128i hgdc = _mm_shuffle_epi32(state.cdgh, 0x1b);
  const __m128i swap = byte_swap();
  const __m128i low = _mm_shuffle_epi8(_mm_unpacklo_epi64(feba, hgdc), swap);
  const __m128i high = _mm_shuffle_epi8(_mm_unpackhi_epi64(feba, hgdc), swap);
  std::array<std::byte, 32> out;
  std::memcpy(out.data(), &low, 16);
  std::memcpy(&out[16], &high, 16);
  return out;
}

}  // namespace dagfs::car::sha256

#endif
