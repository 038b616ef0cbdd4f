// SPDX-License-Identifier: Apache-2.0 OR MIT

// Attributes, links, extended attributes and statfs through the kernel.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SessionAttributes : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    root_->entries = {{"f", file_}};
  }

  const std::shared_ptr<FakeFile> file_ =
      std::make_shared<FakeFile>(pattern(1025));
  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

TEST_F(SessionAttributes, AreThoseOfTheNode) {
  file_->shown.permissions = 04751;
  file_->shown.links = 3;
  file_->shown.mtime = {.tv_sec = -5, .tv_nsec = 123456789};
  file_->shown.inode = (std::uint64_t{1} << 60) + 7;
  const MountedTree tree(root_, [](SessionOptions* options) {
    options->uid = 1234;
    options->gid = 5678;
  });

  struct stat status = {};
  ASSERT_EQ(::lstat(tree.path("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, mode_t{S_IFREG | 04751});
  EXPECT_EQ(status.st_nlink, 3U);
  EXPECT_EQ(status.st_size, 1025);
  EXPECT_EQ(status.st_blocks, 3);
  EXPECT_EQ(status.st_ino, (std::uint64_t{1} << 60) + 7);
  EXPECT_EQ(status.st_mtim.tv_sec, -5);
  EXPECT_EQ(status.st_mtim.tv_nsec, 123456789);
  EXPECT_EQ(status.st_uid, 1234U);
  EXPECT_EQ(status.st_gid, 5678U);
}

TEST_F(SessionAttributes, OfTheRootAreThoseOfItsNode) {
  const MountedTree tree(root_);
  struct stat status = {};
  ASSERT_EQ(::stat(tree.mountpoint().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, mode_t{S_IFDIR | 0555});
}

TEST_F(SessionAttributes, LinksAreReadAndFollowed) {
  root_->entries["link"] = std::make_shared<FakeLink>("f");
  const MountedTree tree(root_);
  EXPECT_EQ(std::filesystem::read_symlink(tree.path("link")), "f");
  EXPECT_EQ(read_all(tree.path("link")), pattern(1025));
}

TEST_F(SessionAttributes, ExtendedOnesAreListedAndRead) {
  file_->extended = {{"user.one", "first"}, {"ipfs.cid", "bafy"}};
  const MountedTree tree(root_);
  const std::string path = tree.path("f");
  char value[16] = {};

  EXPECT_EQ(::listxattr(path.c_str(), nullptr, 0), 18);
  EXPECT_EQ(::listxattr(path.c_str(), value, 5), -1);
  EXPECT_EQ(errno, ERANGE);
  EXPECT_EQ(::getxattr(path.c_str(), "user.one", nullptr, 0), 5);
  EXPECT_EQ(::getxattr(path.c_str(), "user.one", value, 16), 5);
  EXPECT_STREQ(value, "first");
  EXPECT_EQ(::getxattr(path.c_str(), "user.one", value, 4), -1);
  EXPECT_EQ(errno, ERANGE);
  EXPECT_EQ(::getxattr(path.c_str(), "user.none", value, 16), -1);
  EXPECT_EQ(errno, ENODATA);
  EXPECT_EQ(::getxattr(path.c_str(), "security.capability", value, 16), -1);
  EXPECT_EQ(errno, ENODATA);
}

TEST_F(SessionAttributes, ThatCannotBeHadAreAnError) {
  file_->extended = {{"user.broken", ""}};
  file_->extended_error = Error(ErrorCode::kUnsupported, "not today");
  const MountedTree tree(root_);
  EXPECT_EQ(::getxattr(tree.path("f").c_str(), "user.broken", nullptr, 0), -1);
  EXPECT_EQ(errno, EOPNOTSUPP);
}

TEST_F(SessionAttributes, UsageIsWhatTheOwnerSays) {
  const MountedTree tree(root_, [](SessionOptions* options) {
    options->usage = [] {
      return Usage{.bytes = 40960, .bytes_free = 8192, .files = 12};
    };
  });
  struct statvfs usage = {};
  ASSERT_EQ(::statvfs(tree.mountpoint().c_str(), &usage), 0);
  EXPECT_EQ(usage.f_blocks * usage.f_frsize, 40960U);
  EXPECT_EQ(usage.f_bfree * usage.f_frsize, 8192U);
  EXPECT_EQ(usage.f_files, 12U);
  EXPECT_EQ(usage.f_namemax, 255U);
}

TEST_F(SessionAttributes, TheMountSaysWhatItIs) {
  const MountedTree tree(root_, [](SessionOptions* options) {
    options->source = "dagfs:/with, comma\\and space";
    options->read_only = true;
  });
  const std::string line =
      shell("grep ' " + tree.mountpoint() + " ' /proc/mounts");
  EXPECT_TRUE(line.starts_with("dagfs:/with,\\040comma\\134and\\040space "))
      << line;
  EXPECT_NE(line.find(" fuse.dagfs ro,"), std::string::npos) << line;
  EXPECT_NE(line.find("default_permissions"), std::string::npos) << line;
}

}  // namespace
}  // namespace dagfs::fs
