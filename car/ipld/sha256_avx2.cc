// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_avx2.h"

#include "car/ipld/sha256_constants.h"
#include "car/ipld/sha256_kernels.h"

#if defined(__x86_64__)

namespace dagfs::car {
namespace sha256::avx2 {
namespace {

DAGFS_AVX2_TARGET void compress_eight(std::uint32_t* states,
                                      const std::byte* const* messages,
                                      std::size_t blocks) {
  constexpr auto kSixteen = std::make_index_sequence<16>();
  const auto rows = occupied_lanes<kLanes>(messages);
  auto* const words = reinterpret_cast<__m256i*>(states);
  State state;
  for (std::size_t i = 0; i < kSha256StateWords; ++i) {
    state.words[i] = _mm256_load_si256(words + i);
  }
  for (std::size_t n = 0; n < blocks; ++n) {
    const State before = state;
    Block block;
    load(rows.data(), n * kSha256BlockSize, block);
    const std::uint32_t* constants = kSha256RoundConstants.data();
    for (int i = 0; i < 3; ++i, constants += 16) {
      message_rounds<true>(state, block, constants, kSixteen);
    }
    message_rounds<false>(state, block, constants, kSixteen);
    add(state, before);
  }
  for (std::size_t i = 0; i < kSha256StateWords; ++i) {
    _mm256_store_si256(words + i, state.words[i]);
  }
}

}  // namespace
}  // namespace sha256::avx2

std::optional<Sha256Kernel> sha256_avx2_kernel() {
  if (!sha256::avx2::has_avx2()) return std::nullopt;
  return Sha256Kernel{.name = "avx2",
                      .lanes = sha256::avx2::kLanes,
                      .cost_alone = 200,
                      .compress = &sha256::avx2::compress_eight};
}

}  // namespace dagfs::car

#else

namespace dagfs::car {
std::optional<Sha256Kernel> sha256_avx2_kernel() { return std::nullopt; }
}  // namespace dagfs::car

#endif
