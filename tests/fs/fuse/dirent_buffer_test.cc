// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/dirent_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dagfs::fs {
namespace {

using testing::ElementsAre;

using Format = DirentBuffer::Format;

std::vector<std::string> names_in(DirentBuffer& buffer) {
  std::vector<std::string> names;
  buffer.visit_plus([&](const DirentBuffer::Plus& plus) {
    names.emplace_back(plus.name);
    return true;
  });
  return names;
}

TEST(DirentBuffer, WritesWhatTheKernelReads) {
  DirentBuffer buffer(4096, Format::kDirent);
  ASSERT_TRUE(buffer.add("abc", 7, NodeType::kDirectory, 41));

  fuse_dirent entry = {};
  ASSERT_EQ(buffer.bytes().size(), FUSE_DIRENT_ALIGN(sizeof(entry) + 3));
  std::memcpy(&entry, buffer.bytes().data(), sizeof(entry));
  EXPECT_EQ(entry.ino, 7U);
  EXPECT_EQ(entry.off, 43U);
  EXPECT_EQ(entry.namelen, 3U);
  EXPECT_EQ(entry.type, 4U);  // DT_DIR.
  EXPECT_EQ(as_text(buffer.bytes().subspan(sizeof(entry), 3)), "abc");
}

TEST(DirentBuffer, TheOffsetOfAnEntryLeadsBackToItsCookie) {
  EXPECT_EQ(DirentBuffer::cookie_at(0), 0U);
  EXPECT_EQ(DirentBuffer::cookie_at(1), 0U);
  EXPECT_EQ(DirentBuffer::cookie_at(2), 0U);
  EXPECT_EQ(DirentBuffer::cookie_at(43), 41U);
}

TEST(DirentBuffer, AnEntryThatDoesNotFitIsNotTaken) {
  const std::size_t one = FUSE_DIRENT_ALIGN(sizeof(fuse_dirent) + 5);
  DirentBuffer buffer(2 * one - 1, Format::kDirent);
  EXPECT_TRUE(buffer.add("first", 1, NodeType::kFile, 1));
  EXPECT_FALSE(buffer.add("other", 1, NodeType::kFile, 2));
  EXPECT_EQ(buffer.bytes().size(), one);
}

TEST(DirentBuffer, NoRoomAtAllStaysEmpty) {
  DirentBuffer buffer(0, Format::kDirent);
  EXPECT_FALSE(buffer.add("a", 1, NodeType::kFile, 1));
  EXPECT_TRUE(buffer.is_empty());
}

TEST(DirentBuffer, ANumberOfZeroWouldHideTheEntry) {
  DirentBuffer buffer(4096, Format::kDirent);
  ASSERT_TRUE(buffer.add("a", 0, NodeType::kFile, 1));
  fuse_dirent entry = {};
  std::memcpy(&entry, buffer.bytes().data(), sizeof(entry));
  EXPECT_NE(entry.ino, 0U);
}

TEST(DirentBuffer, PlusEntriesAreVisitedAndCanBeFilledIn) {
  DirentBuffer buffer(4096, Format::kDirentPlus);
  ASSERT_TRUE(buffer.add("a", 1, NodeType::kFile, 1));
  ASSERT_TRUE(buffer.add("longer name", 2, NodeType::kSymlink, 2));
  EXPECT_THAT(names_in(buffer), ElementsAre("a", "longer name"));

  const std::uint64_t id = 99;
  buffer.visit_plus([&](const DirentBuffer::Plus& plus) {
    std::memcpy(plus.attributes, &id, sizeof(id));
    return false;
  });

  fuse_direntplus entry = {};
  std::memcpy(&entry, buffer.bytes().data(), sizeof(entry));
  EXPECT_EQ(entry.entry_out.nodeid, 99U);
  EXPECT_EQ(entry.dirent.ino, 1U);
}

}  // namespace
}  // namespace dagfs::fs
