// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the kernel remembers, and what it is made to forget.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SessionCaching : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    root_->entries = {{"f", file_}};
  }

  const std::shared_ptr<FakeFile> file_ =
      std::make_shared<FakeFile>(pattern(10000));
  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

TEST_F(SessionCaching, WhatCannotChangeIsReadOnce) {
  const MountedTree tree(root_);
  read_all(tree.path("f"));
  const std::size_t reads = *file_->reads;
  read_all(tree.path("f"));
  EXPECT_EQ(*file_->reads, reads);
}

TEST_F(SessionCaching, WhatMayChangeIsReadAtEachOpen) {
  file_->kept = Caching::kShort;
  const MountedTree tree(root_);
  read_all(tree.path("f"));
  const std::size_t reads = *file_->reads;
  read_all(tree.path("f"));
  EXPECT_GT(*file_->reads, reads);
}

TEST_F(SessionCaching, BytesThatTurnOutWrongAreDropped) {
  file_->confirmation = [] { return Error(ErrorCode::kCorrupt, "wrong"); };
  const MountedTree tree(root_);
  read_all(tree.path("f"));
  const std::size_t reads = *file_->reads;

  wait_until([&] {
    read_all(tree.path("f"));
    return *file_->reads > reads;
  });
}

TEST_F(SessionCaching, AnAbsentNameIsAskedForOnceWhereNothingChanges) {
  const MountedTree tree(root_);
  struct stat status = {};
  EXPECT_EQ(::stat(tree.path("none").c_str(), &status), -1);
  EXPECT_EQ(errno, ENOENT);
  const auto lookups = tree.counters().requests(RequestKind::kLookup);

  EXPECT_EQ(::stat(tree.path("none").c_str(), &status), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(tree.counters().requests(RequestKind::kLookup), lookups);
}

TEST_F(SessionCaching, AnAbsentNameIsAskedForAgainWhereThingsChange) {
  root_->kept = Caching::kNever;
  const MountedTree tree(root_);
  struct stat status = {};
  EXPECT_EQ(::stat(tree.path("none").c_str(), &status), -1);
  const auto lookups = tree.counters().requests(RequestKind::kLookup);

  EXPECT_EQ(::stat(tree.path("none").c_str(), &status), -1);
  EXPECT_GT(tree.counters().requests(RequestKind::kLookup), lookups);
}

TEST_F(SessionCaching, ASecondListingAsksForAlmostNothing) {
  root_->entries["names"] = std::make_shared<WideDirectory>(500);
  const MountedTree tree(root_);
  const std::string count = "find " + tree.mountpoint() + " -ls | wc -l";
  EXPECT_EQ(shell(count), "503\n");
  const auto lookups = tree.counters().requests(RequestKind::kLookup);
  const auto attributes = tree.counters().requests(RequestKind::kAttributes);
  const auto lists = tree.counters().requests(RequestKind::kReadDirectory);

  EXPECT_EQ(shell(count), "503\n");

  EXPECT_EQ(tree.counters().requests(RequestKind::kLookup), lookups);
  EXPECT_LE(tree.counters().requests(RequestKind::kAttributes), attributes + 3);
  EXPECT_LE(tree.counters().requests(RequestKind::kReadDirectory), lists + 3);
}

TEST_F(SessionCaching, ANodeThatChangesItsTypeIsSeenToChange) {
  root_->kept = Caching::kNever;
  const MountedTree tree(root_);
  struct stat status = {};
  ASSERT_EQ(::stat(tree.path("f").c_str(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode));

  root_->replace("f", std::make_shared<FakeDirectory>());

  ASSERT_EQ(::stat(tree.path("f").c_str(), &status), 0);
  EXPECT_TRUE(S_ISDIR(status.st_mode));
}

TEST_F(SessionCaching, AStaleNodeIsLookedUpAnewWithoutTheProgramKnowing) {
  file_->open_error = Error(ErrorCode::kStale, "replaced");
  const MountedTree tree(root_);
  struct stat status = {};
  ASSERT_EQ(::stat(tree.path("f").c_str(), &status), 0);

  root_->replace("f", std::make_shared<FakeFile>("new"));

  EXPECT_EQ(read_all(tree.path("f"), O_RDONLY | O_DIRECT), "new");
}

}  // namespace
}  // namespace dagfs::fs
