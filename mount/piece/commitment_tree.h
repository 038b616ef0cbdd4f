// SPDX-License-Identifier: Apache-2.0 OR MIT

// The binary tree of a piece commitment, built from the left in one pass.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mount/piece/node_hash.h"
#include "mount/piece/piece_size.h"

namespace dagfs::mount {

// The root of a tree of that height whose leaves are all zero.
// `height` is at most PieceSize::kHeightMax.
const TreeNode& zero_node(unsigned height);

// Hashes 2^n nodes into their root; they are overwritten.
TreeNode reduce_to_root(std::span<TreeNode> nodes);

// Keeps at most 32 nodes of each level, so that they are hashed sixteen at
// once. For one thread at a time.
class CommitmentTree {
 public:
  CommitmentTree();

  // Nodes of `level` (leaves are level 0) that follow what is there. That must
  // end where such a node may begin: at a multiple of 2^level leaves.
  void append(unsigned level, std::span<const TreeNode> nodes);
  void append(unsigned level, const TreeNode& node) {
    append(level, std::span(&node, 1));
  }

  // A root of a subtree that is known only at the end. `level` is its height.
  struct FirstSubtree {
    unsigned level = 0;
    TreeNode root = {};
  };

  // The root of the tree with zeros up to `height`; at least one node was
  // appended, and no more than fit. With `first`, the leftmost node of its
  // level is taken to be that one, whatever was appended. Once.
  TreeNode finish(unsigned height,
                  const std::optional<FirstSubtree>& first = std::nullopt);

 private:
  // Sixteen pairs, which is what the widest kernel hashes at once.
  static constexpr std::size_t kNodesMax = 32;

  struct Level {
    std::array<TreeNode, kNodesMax> nodes;
    std::size_t count = 0;
    // The second node of the level, once pairs of it were hashed.
    std::optional<TreeNode> second;
  };

  void push(unsigned level, std::span<const TreeNode> nodes);

  // Hashes the nodes of `level`, an even number, into the next one.
  void hash_level(unsigned level);

  std::vector<Level> levels_;
};

}  // namespace dagfs::mount
