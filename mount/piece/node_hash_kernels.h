// SPDX-License-Identifier: Apache-2.0 OR MIT

// The ways of hashing that node_hash_kernels() chooses from.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "car/ipld/sha256_constants.h"
#include "mount/piece/node_hash.h"

namespace dagfs::mount {

// A pair of nodes fills one block of sha2-256, so the second block is padding
// only, the same for all: what its rounds add is known beforehand.
constexpr std::array<std::uint32_t, 64> sha256_padding_rounds() {
  constexpr std::uint32_t kMessageBits = 512;
  std::array<std::uint32_t, 64> words = {};
  words[0] = 0x80000000;
  words[15] = kMessageBits;
  for (std::size_t i = 16; i < words.size(); ++i) {
    const std::uint32_t a = words[i - 15];
    const std::uint32_t b = words[i - 2];
    words[i] = words[i - 16] + words[i - 7] +
               (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3)) +
               (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10));
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] += car::kSha256RoundConstants[i];
  }
  return words;
}
alignas(
    64) inline constexpr std::array<std::uint32_t, 64> kSha256PaddingRounds =
    sha256_padding_rounds();

// Clears the two bits of the last word, once its bytes are in order.
inline constexpr std::uint32_t kLastWordMask = 0xffffff3f;
inline constexpr std::byte kLastByteMask{0x3f};

inline constexpr std::size_t kNodeSize = sizeof(TreeNode);
inline constexpr std::size_t kPairSize = 2 * kNodeSize;

// A kernel from a function that hashes exactly `kLanes` pairs, all of which it
// reads before it writes.
template <std::size_t kLanes,
          void (*hash_lanes)(const std::byte* nodes, std::byte* parents)>
void hash_batches(const std::byte* nodes, std::size_t pairs,
                  std::byte* parents) {
  for (; pairs >= kLanes; pairs -= kLanes) {
    hash_lanes(nodes, parents);
    nodes += kLanes * kPairSize;
    parents += kLanes * kNodeSize;
  }
  if (pairs == 0) return;
  std::array<std::byte, kLanes* kPairSize> rest = {};
  std::copy_n(nodes, pairs * kPairSize, rest.begin());
  hash_lanes(rest.data(), rest.data());
  std::copy_n(rest.begin(), pairs * kNodeSize, parents);
}

// Each is nullopt where the processor lacks what it needs.
std::optional<NodeHashKernel> node_hash_sha_extensions();  // 4 at once.
std::optional<NodeHashKernel> node_hash_avx512();          // 16 at once.
std::optional<NodeHashKernel> node_hash_avx2();            // 8 at once.
NodeHashKernel node_hash_openssl();                        // Anywhere.

}  // namespace dagfs::mount
