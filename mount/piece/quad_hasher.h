// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "car/base/bytes.h"
#include "mount/piece/commitment_tree.h"
#include "mount/piece/piece_size.h"

namespace dagfs::mount {

// From a stretch of payload to nodes of the tree. Works through it in chunks
// whose padded form, of 16 KiB, stays in the nearest cache. For one thread at a
// time.
class QuadHasher {
 public:
  static constexpr std::size_t kChunkQuads = 128;
  static constexpr std::size_t kChunkSize = kChunkQuads * kQuadUnpadded;
  static constexpr unsigned kChunkLevel = 9;  // 512 leaves.

  QuadHasher();

  // Appends the quads of `payload` to `tree`, of which there is at least one;
  // the last is filled up with zeros. What is in the tree is whole chunks.
  void append_to(CommitmentTree& tree, ByteView payload);

  // The root over `payload`, which is 2^n whole chunks.
  TreeNode root_of(ByteView payload);

 private:
  // A whole chunk is hashed on the spot as far as whole batches go.
  static constexpr unsigned kBatchLevel = 5;
  static constexpr std::size_t kBatchNodes = 16;

  // `chunk` is kChunkSize. The answer is valid until the next call.
  std::span<const TreeNode> hash_chunk(ByteView chunk);

  std::vector<TreeNode> nodes_;
};

}  // namespace dagfs::mount
