// SPDX-License-Identifier: Apache-2.0 OR MIT

// The hash of commP's tree: sha2-256 of two nodes side by side, with the upper
// two bits of the last byte cleared so that it is a number of the proofs' field
// again. Many at once, since nothing else takes time in a commP.

#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace dagfs::mount {

using TreeNode = std::array<std::byte, 32>;

// Hashes `pairs` pairs of nodes that lie one behind the other, and puts the
// parents one behind the other too. `parents` may be `nodes`; else they must
// not overlap.
void hash_nodes(const std::byte* nodes, std::size_t pairs, std::byte* parents);

TreeNode hash_pair(const TreeNode& left, const TreeNode& right);

// One way of doing it. All of them give the same bytes.
struct NodeHashKernel {
  std::string_view name;
  void (*hash)(const std::byte* nodes, std::size_t pairs, std::byte* parents);
};

// Those that this processor can run, the best first. Never empty.
std::span<const NodeHashKernel> node_hash_kernels();

}  // namespace dagfs::mount
