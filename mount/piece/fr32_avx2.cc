// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/fr32_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define DAGFS_AVX2_TARGET __attribute__((target("avx2")))
#define DAGFS_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

namespace dagfs::mount {
namespace avx2 {
namespace {

constexpr std::size_t kElementBytes = 32;

DAGFS_AVX2_INLINE __m256i load_element(const std::byte* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

DAGFS_AVX2_INLINE void store_element(std::byte* to, __m256i words) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), words);
}

DAGFS_AVX2_INLINE __m256i top_cleared(__m256i words, int last_word) {
  constexpr auto kTop = static_cast<long long>(kElementTop);
  return _mm256_and_si256(
      words, _mm256_set_epi64x(last_word == 3 ? kTop : -1,
                               last_word == 2 ? kTop : -1, -1, -1));
}

// Element `kElement`; what is beyond the payload's last byte is pushed out.
template <int kElement>
DAGFS_AVX2_INLINE __m256i padded_element(const std::byte* payload) {
  const std::byte* const from = payload + kElement * kElementBytes;
  const __m256i here = load_element(from);
  if constexpr (kElement == 0) {
    return top_cleared(here, 3);
  } else {
    constexpr int kUp = 2 * kElement;
    const __m256i before = load_element(from - sizeof(std::uint64_t));
    return top_cleared(_mm256_or_si256(_mm256_slli_epi64(here, kUp),
                                       _mm256_srli_epi64(before, 64 - kUp)),
                       3);
  }
}

// Four words of payload, from the element and the first word after it. A shift
// by 64 leaves nothing, which is what the first and the last word need.
template <int kElement>
DAGFS_AVX2_INLINE __m256i payload_words(const std::byte* padded) {
  constexpr int kDown = 2 * kElement;
  const std::byte* const from = padded + kElement * kElementBytes;
  const __m256i here = top_cleared(load_element(from), 3);
  const __m256i after =
      top_cleared(load_element(from + sizeof(std::uint64_t)), 2);
  const __m256i up = _mm256_set_epi64x(kElement == 3 ? 64 : 62 - kDown,
                                       64 - kDown, 64 - kDown, 64 - kDown);
  return _mm256_or_si256(_mm256_srli_epi64(here, kDown),
                         _mm256_sllv_epi64(after, up));
}

// Both read or write a byte or a word behind the quad, so that the last one is
// left to somebody else. Working in place that harms nobody: in the order they
// go, what is behind is done with, or not begun.
DAGFS_AVX2_TARGET void pad(const std::byte* payload, std::size_t quads,
                           std::byte* padded) {
  if (quads == 0) return;
  --quads;
  fr32_words().pad(payload + quads * kQuadUnpadded, 1,
                   padded + quads * kQuadPadded);
  while (quads-- > 0) {
    const std::byte* const from = payload + quads * kQuadUnpadded;
    std::byte* const to = padded + quads * kQuadPadded;
    const __m256i elements[4] = {
        padded_element<0>(from), padded_element<1>(from),
        padded_element<2>(from), padded_element<3>(from)};
    for (std::size_t i = 0; i < 4; ++i) {
      store_element(to + i * kElementBytes, elements[i]);
    }
  }
}

DAGFS_AVX2_TARGET void unpad(const std::byte* padded, std::size_t quads,
                             std::byte* payload) {
  for (; quads > 1; --quads) {
    const __m256i words[4] = {
        payload_words<0>(padded), payload_words<1>(padded),
        payload_words<2>(padded), payload_words<3>(padded)};
    for (std::size_t i = 0; i < 4; ++i) {
      store_element(payload + i * kElementBytes, words[i]);
    }
    padded += kQuadPadded;
    payload += kQuadUnpadded;
  }
  fr32_words().unpad(padded, quads, payload);
}

}  // namespace
}  // namespace avx2

std::optional<Fr32Kernel> fr32_avx2() {
  if (__builtin_cpu_supports("avx2") == 0) return std::nullopt;
  return Fr32Kernel{.name = "avx2", .pad = &avx2::pad, .unpad = &avx2::unpad};
}

}  // namespace dagfs::mount

#else

namespace dagfs::mount {
std::optional<Fr32Kernel> fr32_avx2() { return std::nullopt; }
}  // namespace dagfs::mount

#endif
