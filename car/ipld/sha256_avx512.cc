// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_avx512.h"

#include "car/ipld/sha256_constants.h"
#include "car/ipld/sha256_kernels.h"

#if defined(__x86_64__)

namespace dagfs::car {
namespace sha256::avx512 {
namespace {

DAGFS_AVX512_TARGET void compress_sixteen(std::uint32_t* states,
                                          const std::byte* const* messages,
                                          std::size_t blocks) {
  constexpr auto kSixteen = std::make_index_sequence<16>();
  const auto rows = occupied_lanes<kLanes>(messages);
  State state;
  for (std::size_t i = 0; i < kSha256StateWords; ++i) {
    state.words[i] = _mm512_load_si512(states + i * kLanes);
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
    _mm512_store_si512(states + i * kLanes, state.words[i]);
  }
}

}  // namespace
}  // namespace sha256::avx512

std::optional<Sha256Kernel> sha256_avx512_kernel() {
  if (!sha256::avx512::has_avx512()) return std::nullopt;
  return Sha256Kernel{.name = "avx512",
                      .lanes = sha256::avx512::kLanes,
                      .cost_alone = 225,
                      .compress = &sha256::avx512::compress_sixteen};
}

}  // namespace dagfs::car

#else

namespace dagfs::car {
std::optional<Sha256Kernel> sha256_avx512_kernel() { return std::nullopt; }
}  // namespace dagfs::car

#endif
