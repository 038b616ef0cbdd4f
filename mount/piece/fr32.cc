// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/fr32.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "mount/piece/fr32_kernels.h"

namespace dagfs::mount {
namespace {

using PaddedQuad = std::array<std::byte, kQuadPadded>;

std::vector<Fr32Kernel> available_fr32_kernels() {
  std::vector<Fr32Kernel> kernels;
  for (const auto& kernel : {fr32_avx512(), fr32_avx2()}) {
    if (kernel) kernels.push_back(*kernel);
  }
  kernels.push_back(fr32_words());
  return kernels;
}

const Fr32Kernel& best_kernel() {
  static const Fr32Kernel& kernel = fr32_kernels().front();
  return kernel;
}

}  // namespace

std::span<const Fr32Kernel> fr32_kernels() {
  static const std::vector<Fr32Kernel> kernels = available_fr32_kernels();
  return kernels;
}

void fr32_pad(ByteView payload, std::span<std::byte> padded) {
  const std::size_t whole = payload.size() / kQuadUnpadded;
  const ByteView rest = payload.subspan(whole * kQuadUnpadded);
  assert(padded.size() == (whole + (rest.empty() ? 0 : 1)) * kQuadPadded);

  // From the last quad to the first: in place, each is moved back over bytes
  // that were padded before it.
  if (!rest.empty()) {
    PaddedQuad quad = {};
    std::ranges::copy(rest, quad.begin());
    best_kernel().pad(quad.data(), 1, &padded[whole * kQuadPadded]);
  }
  if (whole > 0) best_kernel().pad(payload.data(), whole, padded.data());
}

void fr32_unpad(ByteView padded, std::span<std::byte> payload) {
  const std::size_t whole = payload.size() / kQuadUnpadded;
  const auto rest = payload.subspan(whole * kQuadUnpadded);
  assert(padded.size() >= (whole + (rest.empty() ? 0 : 1)) * kQuadPadded);

  if (whole > 0) best_kernel().unpad(padded.data(), whole, payload.data());
  if (!rest.empty()) {
    PaddedQuad quad = {};
    best_kernel().unpad(&padded[whole * kQuadPadded], 1, quad.data());
    std::copy_n(quad.begin(), rest.size(), rest.begin());
  }
}

Fr32Cover fr32_cover(UnpaddedOffset offset, UnpaddedSize size) {
  const std::uint64_t first = offset.bytes() / kQuadUnpadded;
  const PaddedOffset begin(first * kQuadPadded);
  if (size.bytes() == 0) return {.offset = begin, .size = {}, .skip = 0};
  const std::uint64_t end = quads_of((offset + size) - UnpaddedOffset());
  return {.offset = begin,
          .size = PaddedSize((end - first) * kQuadPadded),
          .skip = offset.bytes() % kQuadUnpadded};
}

void fr32_unpad_range(const Fr32Cover& cover, ByteView padded,
                      std::span<std::byte> range) {
  assert(padded.size() == cover.size.bytes());
  if (cover.skip > 0) {
    std::array<std::byte, kQuadUnpadded> quad;
    fr32_unpad(padded.first<kQuadPadded>(), quad);
    const auto wanted = std::span(quad).subspan(cover.skip);
    const std::size_t count = std::min(wanted.size(), range.size());
    std::copy_n(wanted.begin(), count, range.begin());
    padded = padded.subspan<kQuadPadded>();
    range = range.subspan(count);
  }
  fr32_unpad(padded, range);
}

}  // namespace dagfs::mount
