// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/fr32_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if !defined(__clang__)
// g++ 12 takes the intrinsics' own way of saying "any value" for an oversight.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#define DAGFS_AVX512_TARGET __attribute__((target("avx512f,avx512bw")))

namespace dagfs::mount {
namespace avx512 {
namespace {

// Of the second half of a quad the payload has 63 bytes.
constexpr __mmask64 kSecondHalf = ~std::uint64_t{0} >> 1;

// (a | b) & c, for ternarylogic.
constexpr int kOrAnd = 0xa8;

// Eight numbers, the first word's first.
DAGFS_AVX512_TARGET __m512i words(const std::uint64_t (&numbers)[8]) {
  return _mm512_loadu_si512(numbers);
}

constexpr std::uint64_t kAll = ~std::uint64_t{0};
constexpr std::uint64_t kKept[8] = {kAll, kAll, kAll, kElementTop,
                                    kAll, kAll, kAll, kElementTop};

// How far words move in the first and in the second half of a quad. A shift by
// 64 leaves nothing, which is what the first element needs.
constexpr std::uint64_t kUp[2][8] = {{0, 0, 0, 0, 2, 2, 2, 2},
                                     {4, 4, 4, 4, 6, 6, 6, 6}};
constexpr std::uint64_t kFromLast[2][8] = {{64, 64, 64, 64, 62, 62, 62, 62},
                                           {60, 60, 60, 60, 58, 58, 58, 58}};
// An element's last word is two bits short of a word.
constexpr std::uint64_t kFromNext[2][8] = {{64, 64, 64, 62, 62, 62, 62, 60},
                                           {60, 60, 60, 58, 58, 58, 58, 64}};

DAGFS_AVX512_TARGET void pad(const std::byte* payload, std::size_t quads,
                             std::byte* padded) {
  const __m512i kept = words(kKept);
  const __m512i up[2] = {words(kUp[0]), words(kUp[1])};
  const __m512i from_last[2] = {words(kFromLast[0]), words(kFromLast[1])};
  while (quads-- > 0) {
    const std::byte* const from = payload + quads * kQuadUnpadded;
    std::byte* const to = padded + quads * kQuadPadded;
    const __m512i first = _mm512_loadu_si512(from);
    const __m512i second = _mm512_maskz_loadu_epi8(kSecondHalf, from + 64);
    // Each word's predecessor: the last of what is before it comes first.
    const __m512i before_first =
        _mm512_alignr_epi64(first, _mm512_setzero_si512(), 7);
    const __m512i before_second = _mm512_alignr_epi64(second, first, 7);
    _mm512_storeu_si512(
        to, _mm512_ternarylogic_epi64(
                _mm512_sllv_epi64(first, up[0]),
                _mm512_srlv_epi64(before_first, from_last[0]), kept, kOrAnd));
    _mm512_storeu_si512(
        to + 64,
        _mm512_ternarylogic_epi64(
            _mm512_sllv_epi64(second, up[1]),
            _mm512_srlv_epi64(before_second, from_last[1]), kept, kOrAnd));
  }
}

DAGFS_AVX512_TARGET void unpad(const std::byte* padded, std::size_t quads,
                               std::byte* payload) {
  const __m512i kept = words(kKept);
  const __m512i down[2] = {words(kUp[0]), words(kUp[1])};
  const __m512i from_next[2] = {words(kFromNext[0]), words(kFromNext[1])};
  for (; quads > 0; --quads) {
    const __m512i first = _mm512_and_si512(_mm512_loadu_si512(padded), kept);
    const __m512i second =
        _mm512_and_si512(_mm512_loadu_si512(padded + 64), kept);
    // Each word's successor.
    const __m512i after_first = _mm512_alignr_epi64(second, first, 1);
    const __m512i after_second =
        _mm512_alignr_epi64(_mm512_setzero_si512(), second, 1);
    _mm512_storeu_si512(
        payload, _mm512_or_si512(_mm512_srlv_epi64(first, down[0]),
                                 _mm512_sllv_epi64(after_first, from_next[0])));
    _mm512_mask_storeu_epi8(
        payload + 64, kSecondHalf,
        _mm512_or_si512(_mm512_srlv_epi64(second, down[1]),
                        _mm512_sllv_epi64(after_second, from_next[1])));
    padded += kQuadPadded;
    payload += kQuadUnpadded;
  }
}

}  // namespace
}  // namespace avx512

std::optional<Fr32Kernel> fr32_avx512() {
  if (__builtin_cpu_supports("avx512f") == 0 ||
      __builtin_cpu_supports("avx512bw") == 0) {
    return std::nullopt;
  }
  return Fr32Kernel{
      .name = "avx512", .pad = &avx512::pad, .unpad = &avx512::unpad};
}

}  // namespace dagfs::mount

#else

namespace dagfs::mount {
std::optional<Fr32Kernel> fr32_avx512() { return std::nullopt; }
}  // namespace dagfs::mount

#endif
