// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/node_hash.h"

#include <algorithm>
#include <vector>

#include "mount/piece/node_hash_kernels.h"

namespace dagfs::mount {
namespace {

std::vector<NodeHashKernel> available_node_kernels() {
  std::vector<NodeHashKernel> kernels;
  // Millions of pairs a second that were measured on cores that have them: 29,
  // 28 and 10, and OpenSSL 13 with the SHA extensions and 2 without.
  for (const auto& kernel :
       {node_hash_sha_extensions(), node_hash_avx512(), node_hash_avx2()}) {
    if (kernel) kernels.push_back(*kernel);
  }
  kernels.push_back(node_hash_openssl());
  return kernels;
}

}  // namespace

std::span<const NodeHashKernel> node_hash_kernels() {
  static const std::vector<NodeHashKernel> kernels = available_node_kernels();
  return kernels;
}

void hash_nodes(const std::byte* nodes, std::size_t pairs, std::byte* parents) {
  static const auto hash = node_hash_kernels().front().hash;
  hash(nodes, pairs, parents);
}

TreeNode hash_pair(const TreeNode& left, const TreeNode& right) {
  std::array<TreeNode, 2> nodes = {left, right};
  hash_nodes(nodes[0].data(), 1, nodes[0].data());
  return nodes[0];
}

}  // namespace dagfs::mount
