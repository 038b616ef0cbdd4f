// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/file_mount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "mount/file_url.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

std::unique_ptr<Mount> mount_of(const std::string& path,
                                const std::string& repo = "/nowhere") {
  auto mount = FileMount::from_url(file_url_from_path(path), repo);
  EXPECT_TRUE(mount.ok());
  return std::move(mount).value();
}

TEST(FileMount, ReadsTheFile) {
  const TemporaryFolder folder;
  const auto mount = mount_of(folder.write("a.car", "hello"));

  const auto file = mount->open();
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(file.value()->size(), 5U);
  EXPECT_THAT(mount->stamp(), IsOkAnd(file.value()->stamp().value()));
}

TEST(FileMount, NeedsNoWritePermission) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.car", "hello");
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  EXPECT_TRUE(mount_of(path)->open().ok());
}

TEST(FileMount, RelativeUrlFollowsTheRepo) {
  const TemporaryFolder parent;
  parent.write("old/pieces/a.car", "hello");
  std::filesystem::rename(parent.path("old"), parent.path("new"));
  const auto mount = mount_of("pieces/a.car", parent.path("new"));
  EXPECT_TRUE(mount->open().ok());
  EXPECT_EQ(mount->url(), "file:pieces/a.car");
}

TEST(FileMount, MissingFileIsUnavailable) {
  const TemporaryFolder folder;
  const auto mount = mount_of(folder.path("none.car"));
  EXPECT_THAT(mount->open(), FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(mount->stamp(), FailsWith(ErrorCode::kUnavailable));
}

TEST(FileMount, FolderIsInvalid) {
  const TemporaryFolder folder;
  const auto mount = mount_of(folder.path());
  EXPECT_THAT(mount->open(), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(mount->stamp(), FailsWith(ErrorCode::kInvalidArgument));
}

TEST(FileMount, FifoIsInvalidAndNeverWaitedFor) {
  const TemporaryFolder folder;
  const std::string fifo = folder.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(mount_of(fifo)->open(), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(mount_of(fifo)->stamp(), FailsWith(ErrorCode::kInvalidArgument));
}

TEST(FileMount, StampChangesWithTheFile) {
  const TemporaryFolder folder;
  const auto mount = mount_of(folder.write("a.car", "hello"));
  const FileStamp before = mount->stamp().value();
  folder.write("a.car", "hello, world");
  EXPECT_NE(mount->stamp().value(), before);
}

TEST(FileMount, BackingFolderIsTheParentOutsideTheRepo) {
  EXPECT_EQ(mount_of("/srv/cars/a.car")->backing_folder(), "/srv/cars");
  EXPECT_EQ(mount_of("/a.car")->backing_folder(), "/");
  EXPECT_EQ(mount_of("pieces/a.car")->backing_folder(), "");
}

}  // namespace
}  // namespace dagfs::mount
