// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/inode_number.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dagfs::fs {
namespace {

using std::string_literals::operator""s;

TEST(InodeOf, IsTheSameInEveryVersion) {
  // Backup programs recognize files by it: changing the hash shows all of them
  // as new.
  EXPECT_EQ(inode_of(kRootInode, "shards"), 15875660025454588675U);
  EXPECT_EQ(inode_of(42, "a name of more than eight bytes"),
            767032093104834634U);
}

TEST(InodeOf, DependsOnParentNameAndEachByte) {
  EXPECT_NE(inode_of(1, "a"), inode_of(2, "a"));
  EXPECT_NE(inode_of(1, "a"), inode_of(1, "b"));
  EXPECT_NE(inode_of(1, "a"), inode_of(1, "a\0"s));
  EXPECT_NE(inode_of(1, ""), inode_of(1, "\0"s));
  EXPECT_NE(inode_of(1, "12345678a"), inode_of(1, "12345678b"));
}

TEST(InodeOf, TellsTheEntriesOfALargeDirectoryApart) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(seen.insert(inode_of(7, std::to_string(i))).second);
  }
}

}  // namespace
}  // namespace dagfs::fs
