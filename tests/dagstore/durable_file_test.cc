// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/durable_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;
using tests::TemporaryFolder;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(DurableFile, TakesThePlaceOfTheOldOneWhenCommitted) {
  const TemporaryFolder folder;
  folder.write("a", "old");
  auto file = DurableFile::create(folder.path(), "a");
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(::write(file->fd(), "new", 3), 3);
  EXPECT_EQ(content_of(folder.path("a")), "old");

  ASSERT_TRUE(std::move(*file).commit().ok());
  EXPECT_EQ(content_of(folder.path("a")), "new");
  EXPECT_FALSE(std::filesystem::exists(folder.path("a.tmp")));
}

TEST(DurableFile, DroppedFileLeavesNothing) {
  const TemporaryFolder folder;
  { const auto file = DurableFile::create(folder.path(), "a"); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(DurableFile, LeftoverOfACrashIsOverwritten) {
  const TemporaryFolder folder;
  folder.write("a.tmp", "longer than what follows");
  ASSERT_TRUE(write_durably(folder.path(), "a", "new").ok());
  EXPECT_EQ(content_of(folder.path("a")), "new");
}

TEST(DurableFile, MissingFolderIsAnError) {
  EXPECT_THAT(write_durably("/nowhere/at/all", "a", "x"),
              FailsWith(ErrorCode::kIo));
}

TEST(MakeFolder, ExistingFolderIsFine) {
  const TemporaryFolder folder;
  EXPECT_TRUE(make_folder(folder.path("x")).ok());
  EXPECT_TRUE(make_folder(folder.path("x/")).ok());
  EXPECT_THAT(make_folder(folder.path("y/z")), FailsWith(ErrorCode::kIo));
}

}  // namespace
}  // namespace dagfs::dagstore
