// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/mount_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::fs {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

constexpr std::string_view kTable =
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "40 22 0:50 / /mnt/a rw shared:5 master:6 - fuse.dagfs dagfs:/r rw\n"
    "41 22 0:51 / /mnt/with\\040space\\134x rw - tmpfs none rw\n"
    "42 40 0:52 / /mnt/a rw - fuse.other over rw\n";

TEST(FindMount, ReadsTypeDeviceAndSource) {
  const auto found = find_mount(kTable, "/");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->type, "ext4");
  EXPECT_EQ(found->device, "254:0");
  EXPECT_EQ(found->source, "/dev/vda");
}

TEST(FindMount, TheLastLineIsOnTop) {
  const auto found = find_mount(kTable, "/mnt/a");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->type, "fuse.other");
}

TEST(FindMount, UnderstandsEscapedNames) {
  EXPECT_TRUE(find_mount(kTable, "/mnt/with space\\x").has_value());
}

TEST(FindMount, WhereNothingIsMountedIsNothing) {
  EXPECT_FALSE(find_mount(kTable, "/mnt").has_value());
  EXPECT_FALSE(find_mount("", "/").has_value());
}

TEST(FindMount, ADashAsANameIsNotTheSeparator) {
  EXPECT_TRUE(find_mount("1 2 3:4 / - rw - t s", "-").has_value());
}

TEST(FindMount, ATableCutAtAnyByteIsRead) {
  for (std::size_t size = 0; size < kTable.size(); ++size) {
    find_mount(kTable.substr(0, size), "/mnt/with space\\x");
  }
}

TEST(FindMount, UnfinishedEscapesAndShortLinesArePassedOver) {
  EXPECT_FALSE(find_mount("1 2 3:4 / /a\\04 rw - t s\n - \n1 2 - x\n", "/a ")
                   .has_value());
  EXPECT_TRUE(find_mount("1 2 3:4 / /a\\04 rw - t s", "/a\\04").has_value());
}

TEST(ResolveMountPoint, TakesLinksOutOfTheWayToIt) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("real"));
  std::filesystem::create_symlink("real", folder.path("link"));

  EXPECT_THAT(resolve_mount_point(folder.path("link/./m")),
              IsOkAnd(folder.path("real/m")));
  EXPECT_THAT(resolve_mount_point(folder.path("real/m//")),
              IsOkAnd(folder.path("real/m")));
  EXPECT_THAT(resolve_mount_point(folder.path("real/..")),
              IsOkAnd(folder.path()));
  EXPECT_THAT(resolve_mount_point("/"), IsOkAnd(std::string("/")));
}

TEST(ResolveMountPoint, AMissingParentIsNotFound) {
  const TemporaryFolder folder;
  EXPECT_THAT(resolve_mount_point(folder.path("none/m")),
              FailsWith(ErrorCode::kNotFound));
}

TEST(ReplaceStaleMount, AnOrdinaryFolderIsLeftAlone) {
  const TemporaryFolder folder;
  EXPECT_TRUE(replace_stale_mount(folder.path()).ok());
  EXPECT_TRUE(replace_stale_mount("/proc").ok());
  EXPECT_TRUE(std::filesystem::exists("/proc/self"));
}

}  // namespace
}  // namespace dagfs::fs
