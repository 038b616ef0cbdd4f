// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inode_table.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_nodes.h"

namespace dagfs::fs {
namespace {

using tests::FakeDirectory;
using tests::FakeFile;

constexpr std::uint64_t kRootInode = 77;

class InodeTableTest : public testing::Test {
 protected:
  NodeId remember(std::string_view name, NodeId parent = NodeId::kRoot,
                  NodePtr node = std::make_shared<FakeFile>("")) {
    return table_.remember({.parent = parent,
                            .name = name,
                            .node = std::move(node),
                            .type = NodeType::kFile,
                            .inode = 5});
  }

  const NodePtr root_ = std::make_shared<FakeDirectory>();
  InodeTable table_{root_, kRootInode};
};

TEST_F(InodeTableTest, TheRootIsThereFromTheStart) {
  EXPECT_EQ(table_.find(NodeId::kRoot), root_);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(InodeTableTest, TheRootIsNeverForgotten) {
  table_.forget(NodeId::kRoot, 1000);
  EXPECT_EQ(table_.find(NodeId::kRoot), root_);
}

TEST_F(InodeTableTest, AnUnknownNumberIsNothing) {
  EXPECT_EQ(table_.find(NodeId{12345}), nullptr);
  EXPECT_EQ(table_.find_entry(NodeId{12345}).node, nullptr);
  table_.forget(NodeId{12345}, 1);
}

TEST_F(InodeTableTest, AKnownNameKeepsItsNumberAndTakesTheNewerNode) {
  const auto newer = std::make_shared<FakeFile>("");
  const NodeId first = remember("a");
  const NodeId second = remember("a", NodeId::kRoot, newer);

  EXPECT_EQ(first, second);
  EXPECT_EQ(table_.find(first), newer);
}

TEST_F(InodeTableTest, OneNameInTwoDirectoriesIsTwoNumbers) {
  const NodeId directory = remember("d");
  EXPECT_NE(remember("a"), remember("a", directory));
}

TEST_F(InodeTableTest, ANameThatChangesItsTypeGetsANewNumber) {
  const NodeId file = remember("a");
  const auto directory = std::make_shared<FakeDirectory>();
  const NodeId other = table_.remember({.parent = NodeId::kRoot,
                                        .name = "a",
                                        .node = directory,
                                        .type = NodeType::kDirectory,
                                        .inode = 6});

  EXPECT_NE(file, other);
  EXPECT_NE(table_.find(file), nullptr);
  table_.forget(file, 1);
  EXPECT_EQ(table_.find(file), nullptr);
  EXPECT_EQ(table_.find(other), directory);
}

TEST_F(InodeTableTest, ANameThatChangesItsInodeGetsANewNumber) {
  const NodeId before = remember("a");
  const auto other = std::make_shared<FakeFile>("");
  const NodeId after = table_.remember({.parent = NodeId::kRoot,
                                        .name = "a",
                                        .node = other,
                                        .type = NodeType::kFile,
                                        .inode = 6});

  EXPECT_NE(before, after);
  EXPECT_NE(table_.find(before), other);
  EXPECT_EQ(table_.find(after), other);
}

TEST_F(InodeTableTest, WhatWasLookedUpTwiceIsForgottenTheSecondTime) {
  const NodeId id = remember("a");
  remember("a");

  table_.forget(id, 1);
  EXPECT_NE(table_.find(id), nullptr);
  table_.forget(id, 1);
  EXPECT_EQ(table_.find(id), nullptr);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(InodeTableTest, ForgettingMoreThanWasCountedForgets) {
  const NodeId id = remember("a");
  table_.forget(id, ~std::uint64_t{0});
  EXPECT_EQ(table_.find(id), nullptr);
}

TEST_F(InodeTableTest, NumbersAreNotUsedAgain) {
  const NodeId first = remember("a");
  table_.forget(first, 1);
  EXPECT_NE(remember("a"), first);
}

TEST_F(InodeTableTest, ForgettingLetsGoOfTheNode) {
  auto node = std::make_shared<FakeFile>("");
  const std::weak_ptr<FakeFile> watched = node;
  const NodeId id = remember("a", NodeId::kRoot, std::move(node));

  table_.forget(id, 1);

  EXPECT_TRUE(watched.expired());
}

TEST_F(InodeTableTest, EntriesKnowTheirParentsInode) {
  const NodeId id = remember("a");
  EXPECT_EQ(table_.find_entry(id).inode, 5U);
  EXPECT_EQ(table_.find_entry(id).parent_inode, kRootInode);
  EXPECT_EQ(table_.find_entry(NodeId::kRoot).parent_inode, kRootInode);
}

TEST_F(InodeTableTest, ManyNamesAreAllFoundAndAllForgotten) {
  constexpr int kNames = 20'000;
  std::vector<NodeId> ids;
  for (int i = 0; i < kNames; ++i) ids.push_back(remember(std::to_string(i)));

  EXPECT_EQ(table_.size(), kNames + 1U);
  for (int i = 0; i < kNames; ++i) {
    ASSERT_EQ(remember(std::to_string(i)), ids[static_cast<std::size_t>(i)]);
  }
  for (const NodeId id : ids) table_.forget(id, 2);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(InodeTableTest, AnEntryTakesUnderTwoHundredBytes) {
  constexpr std::size_t kNames = 100'000;
  const NodePtr shared = std::make_shared<FakeFile>("");
  const std::size_t before = ::mallinfo2().uordblks;
  if (before == 0) GTEST_SKIP() << "this malloc does not count";

  // As long as a CID.
  const std::string prefix(54, 'x');
  for (std::size_t i = 0; i < kNames; ++i) {
    remember(prefix + std::to_string(i), NodeId::kRoot, shared);
  }
  const auto info = ::mallinfo2();

  EXPECT_LT((info.uordblks + info.hblkhd - before) / kNames, 200U);
}

TEST_F(InodeTableTest, ThreadsMayLookUpAndForgetTheSameNames) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 2000; ++i) {
        const NodeId id = remember(std::to_string(i % 16));
        EXPECT_NE(table_.find(id), nullptr);
        table_.forget(id, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(table_.size(), 1U);
}

}  // namespace
}  // namespace dagfs::fs
