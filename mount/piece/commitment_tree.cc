// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/commitment_tree.h"

#include <algorithm>
#include <cassert>

namespace dagfs::mount {
namespace {

using ZeroNodes = std::array<TreeNode, PieceSize::kHeightMax + 1>;

ZeroNodes make_zero_nodes() {
  ZeroNodes nodes = {};
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    nodes[i] = hash_pair(nodes[i - 1], nodes[i - 1]);
  }
  return nodes;
}

std::byte* first_byte(std::span<TreeNode> nodes) {
  return nodes.front().data();
}

}  // namespace

const TreeNode& zero_node(unsigned height) {
  static const ZeroNodes nodes = make_zero_nodes();
  assert(height < nodes.size());
  return nodes[height];
}

TreeNode reduce_to_root(std::span<TreeNode> nodes) {
  for (std::size_t count = nodes.size(); count > 1; count /= 2) {
    assert(count % 2 == 0);
    hash_nodes(first_byte(nodes), count / 2, first_byte(nodes));
  }
  return nodes.front();
}

CommitmentTree::CommitmentTree() : levels_(PieceSize::kHeightMax + 1) {}

void CommitmentTree::append(unsigned level, std::span<const TreeNode> nodes) {
  // What waits below is to the left of these nodes.
  for (unsigned below = 0; below < level; ++below) {
    if (levels_[below].count > 0) hash_level(below);
  }
  push(level, nodes);
}

void CommitmentTree::push(unsigned level, std::span<const TreeNode> nodes) {
  Level& to = levels_[level];
  while (!nodes.empty()) {
    const std::size_t taken = std::min(nodes.size(), kNodesMax - to.count);
    std::copy_n(nodes.begin(), taken, &to.nodes[to.count]);
    to.count += taken;
    nodes = nodes.subspan(taken);
    if (to.count == kNodesMax) hash_level(level);
  }
}

void CommitmentTree::hash_level(unsigned level) {
  Level& from = levels_[level];
  assert(from.count % 2 == 0 && "half a pair is to the left of a higher node");
  if (!from.second) from.second = from.nodes[1];

  const std::size_t parents = from.count / 2;
  from.count = 0;
  hash_nodes(first_byte(from.nodes), parents, first_byte(from.nodes));
  push(level + 1, std::span(from.nodes).first(parents));
}

TreeNode CommitmentTree::finish(unsigned height,
                                const std::optional<FirstSubtree>& first) {
  for (unsigned level = 0; level < height; ++level) {
    Level& here = levels_[level];
    if (here.count % 2 == 1) here.nodes[here.count++] = zero_node(level);
    if (here.count > 0) hash_level(level);
  }
  assert(levels_[height].count == 1);
  if (!first) return levels_[height].nodes[0];

  TreeNode node = first->root;
  for (unsigned level = first->level; level < height; ++level) {
    assert(levels_[level].second);
    node = hash_pair(node, *levels_[level].second);
  }
  return node;
}

}  // namespace dagfs::mount
