// SPDX-License-Identifier: Apache-2.0 OR MIT

// The ways of hashing that sha256_many() chooses from, for it, its tests and
// benchmarks.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "car/ipld/sha256_many.h"

namespace dagfs::car {

inline constexpr std::size_t kSha256BlockSize = 64;
inline constexpr std::size_t kSha256StateWords = 8;

// One way of doing it. All of them give the same digests.
struct Sha256Kernel {
  std::string_view name;
  std::size_t lanes = 1;
  // What hashing one message alone costs, in hundredths of what OpenSSL takes:
  // the other lanes do the same work for nothing.
  unsigned cost_alone = 100;
  // Hashes `blocks` blocks of each message into its state. `states` has for
  // each of the eight words one row of `lanes`, aligned to 64 bytes. A null
  // message leaves its lane idle, whose state then means nothing; one at least
  // is not null. Null: OpenSSL hashes one message after the other.
  void (*compress)(std::uint32_t* states, const std::byte* const* messages,
                   std::size_t blocks) = nullptr;
};

// Those that this processor can run, the best first; the last is OpenSSL.
std::span<const Sha256Kernel> sha256_kernels();

// sha256_many() with one of them.
void sha256_many_with(const Sha256Kernel& kernel,
                      std::span<const std::uint64_t> sizes,
                      Sha256Source& source, std::span<Sha256Digest> digests);

// `messages`, with some message in place of each null: for kernels that must
// read something in every lane.
template <std::size_t kLanes>
std::array<const std::byte*, kLanes> occupied_lanes(
    const std::byte* const* messages) {
  const std::byte* const some =
      *std::find_if(messages, messages + kLanes,
                    [](const auto* at) { return at != nullptr; });
  std::array<const std::byte*, kLanes> lanes;
  for (std::size_t i = 0; i < kLanes; ++i) {
    lanes[i] = messages[i] != nullptr ? messages[i] : some;
  }
  return lanes;
}

// Each is nullopt where the processor lacks what it needs.
std::optional<Sha256Kernel> sha256_pair_kernel();
std::optional<Sha256Kernel> sha256_avx512_kernel();
std::optional<Sha256Kernel> sha256_avx2_kernel();

}  // namespace dagfs::car
