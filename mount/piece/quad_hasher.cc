// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/quad_hasher.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "mount/piece/fr32.h"

namespace dagfs::mount {
namespace {

constexpr std::size_t kQuadLeaves = kQuadPadded / kTreeNodeSize;

std::span<std::byte> bytes_of(std::span<TreeNode> nodes) {
  return std::as_writable_bytes(nodes);
}

}  // namespace

QuadHasher::QuadHasher() : nodes_(kChunkQuads * kQuadLeaves) {}

std::span<const TreeNode> QuadHasher::hash_chunk(ByteView chunk) {
  assert(chunk.size() == kChunkSize);
  fr32_pad(chunk, bytes_of(nodes_));
  std::byte* const bytes = nodes_.front().data();
  for (std::size_t count = nodes_.size(); count > kBatchNodes; count /= 2) {
    hash_nodes(bytes, count / 2, bytes);
  }
  return std::span(nodes_).first(kBatchNodes);
}

void QuadHasher::append_to(CommitmentTree& tree, ByteView payload) {
  for (; payload.size() >= kChunkSize; payload = payload.subspan(kChunkSize)) {
    tree.append(kBatchLevel, hash_chunk(payload.first(kChunkSize)));
  }
  if (payload.empty()) return;
  const auto leaves = std::span(nodes_).first(
      quads_of(UnpaddedSize(payload.size())) * kQuadLeaves);
  fr32_pad(payload, bytes_of(leaves));
  tree.append(0, leaves);
}

TreeNode QuadHasher::root_of(ByteView payload) {
  assert(payload.size() % kChunkSize == 0);
  std::vector<TreeNode> nodes;
  nodes.reserve(payload.size() / kChunkSize * kBatchNodes);
  assert(std::has_single_bit(nodes.capacity()));
  for (; !payload.empty(); payload = payload.subspan(kChunkSize)) {
    const auto batch = hash_chunk(payload.first(kChunkSize));
    nodes.insert(nodes.end(), batch.begin(), batch.end());
  }
  return reduce_to_root(nodes);
}

}  // namespace dagfs::mount
