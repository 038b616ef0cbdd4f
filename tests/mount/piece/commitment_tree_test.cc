// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/commitment_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/payloads.h"

namespace dagfs::mount {
namespace {

std::vector<TreeNode> some_nodes(std::size_t count) {
  const Bytes bytes = tests::pseudo_random(count * sizeof(TreeNode), count);
  std::vector<TreeNode> nodes(count);
  if (count > 0) std::memcpy(nodes.data(), bytes.data(), bytes.size());
  return nodes;
}

// The definition: level by level, zeros where there is nothing.
TreeNode root_level_by_level(std::vector<TreeNode> nodes, unsigned height) {
  for (unsigned level = 0; level < height; ++level) {
    if (nodes.size() % 2 == 1) nodes.push_back(zero_node(level));
    for (std::size_t i = 0; i < nodes.size() / 2; ++i) {
      nodes[i] = hash_pair(nodes[2 * i], nodes[2 * i + 1]);
    }
    nodes.resize(nodes.size() / 2);
  }
  return nodes.front();
}

std::string hex_zero_node(unsigned height) { return to_hex(zero_node(height)); }

TEST(ZeroNode, CommitmentsOfPiecesOfZeros) {
  EXPECT_EQ(hex_zero_node(2),
            "3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333");
  EXPECT_EQ(hex_zero_node(6),
            "fc7e928296e516faade986b28f92d44a4f24b935485223376a799027bc18f833");
  EXPECT_EQ(hex_zero_node(18),
            "65f29e5d98d246c38b388cfc06db1f6b021303c5a289000bdce832a9c3ec421c");
  EXPECT_EQ(hex_zero_node(24),
            "39560e7b13a93b07a243fd2720ffa7cb3e1d2e505ab3629e79f46313512cda06");
  EXPECT_EQ(hex_zero_node(30),
            "077e5fde35c50a9303a55009e3498a4ebedff39c42b710b730d8ec7ac7afa63e");
  EXPECT_EQ(hex_zero_node(31),
            "e64005a6bfe3777953b8ad6ef93f0fca1049b2041654f2a411f7702799cece02");
}

TEST(ReduceToRoot, IsTheSameLevelByLevel) {
  for (unsigned height = 0; height <= 8; ++height) {
    std::vector<TreeNode> nodes = some_nodes(std::size_t{1} << height);
    const TreeNode expected = root_level_by_level(nodes, height);
    EXPECT_EQ(reduce_to_root(nodes), expected) << height;
  }
}

TEST(CommitmentTree, AnyNumberOfLeaves) {
  for (std::size_t count = 1; count <= 100; ++count) {
    const std::vector<TreeNode> leaves = some_nodes(count);
    CommitmentTree tree;
    tree.append(0, leaves);
    ASSERT_EQ(tree.finish(9), root_level_by_level(leaves, 9)) << count;
  }
}

TEST(CommitmentTree, OneLeafIsItsOwnRootAtHeightZero) {
  const std::vector<TreeNode> leaf = some_nodes(1);
  CommitmentTree tree;
  tree.append(0, leaf);
  EXPECT_EQ(tree.finish(0), leaf.front());
}

TEST(CommitmentTree, GrowsWithZerosToTheGreatestHeight) {
  CommitmentTree tree;
  tree.append(2, zero_node(2));
  EXPECT_EQ(tree.finish(31), zero_node(31));
}

// 100 nodes of level 3, some of them given as what they are made of.
TEST(CommitmentTree, NodesOfAllLevelsMayFollowEachOther) {
  const std::vector<TreeNode> leaves = some_nodes(800);
  CommitmentTree tree;
  for (std::size_t i = 0; i < leaves.size();) {
    // 3 of level 0 would leave half a pair behind; 8 is a node of level 3.
    const unsigned level = static_cast<unsigned>(i / 8 % 4);
    std::vector<TreeNode> nodes(leaves.begin() + static_cast<long>(i),
                                leaves.begin() + static_cast<long>(i) + 8);
    for (unsigned below = 0; below < level; ++below) {
      hash_nodes(nodes.front().data(), nodes.size() / 2, nodes.front().data());
      nodes.resize(nodes.size() / 2);
    }
    tree.append(level, nodes);
    i += 8;
  }
  EXPECT_EQ(tree.finish(10), root_level_by_level(leaves, 10));
}

TEST(CommitmentTree, FirstSubtreeMayBeKnownLast) {
  for (const std::size_t count : {8U, 9U, 15U, 16U, 17U, 100U, 600U}) {
    const std::vector<TreeNode> leaves = some_nodes(count);
    const std::vector<TreeNode> first(leaves.begin(), leaves.begin() + 8);
    CommitmentTree tree;
    tree.append(3, TreeNode{});
    tree.append(0, std::span(leaves).subspan(8));

    const TreeNode root =
        tree.finish(10, CommitmentTree::FirstSubtree{
                            .level = 3, .root = root_level_by_level(first, 3)});

    EXPECT_EQ(root, root_level_by_level(leaves, 10)) << count;
  }
}

}  // namespace
}  // namespace dagfs::mount
