// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a mount that is only read says to everything else.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SessionRefusal : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    root_->entries = {{"f", std::make_shared<FakeFile>("content")},
                      {"d", std::make_shared<FakeDirectory>()}};
  }

  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

TEST_F(SessionRefusal, NothingCanBeChanged) {
  if (::geteuid() != 0) GTEST_SKIP() << "the kernel itself refuses others";
  const MountedTree tree(root_);
  const std::string file = tree.path("f");
  const std::string folder = tree.path("d");
  const std::string absent = tree.path("absent");
  const timespec times[2] = {};

  const std::vector<std::pair<const char*, std::function<int()>>> attempts = {
      {"open to write", [&] { return ::open(file.c_str(), O_WRONLY); }},
      {"open to both", [&] { return ::open(file.c_str(), O_RDWR); }},
      {"open to cut", [&] { return ::open(file.c_str(), O_RDONLY | O_TRUNC); }},
      {"append", [&] { return ::open(file.c_str(), O_WRONLY | O_APPEND); }},
      {"create", [&] { return ::creat(absent.c_str(), 0644); }},
      {"truncate", [&] { return ::truncate(file.c_str(), 1); }},
      {"mkdir", [&] { return ::mkdir(absent.c_str(), 0755); }},
      {"rmdir", [&] { return ::rmdir(folder.c_str()); }},
      {"unlink", [&] { return ::unlink(file.c_str()); }},
      {"rename", [&] { return ::rename(file.c_str(), absent.c_str()); }},
      {"link", [&] { return ::link(file.c_str(), absent.c_str()); }},
      {"symlink", [&] { return ::symlink("f", absent.c_str()); }},
      {"mknod", [&] { return ::mknod(absent.c_str(), S_IFIFO | 0644, 0); }},
      {"chmod", [&] { return ::chmod(file.c_str(), 0600); }},
      {"chown", [&] { return ::chown(file.c_str(), 1, 1); }},
      {"utimens",
       [&] { return ::utimensat(AT_FDCWD, file.c_str(), times, 0); }},
      {"setxattr",
       [&] { return ::setxattr(file.c_str(), "user.x", "y", 1, 0); }},
      {"removexattr", [&] { return ::removexattr(file.c_str(), "user.x"); }},
  };
  for (const auto& [what, attempt] : attempts) {
    EXPECT_EQ(attempt(), -1) << what;
    EXPECT_EQ(errno, EROFS) << what;
  }
}

TEST_F(SessionRefusal, ANameThatIsTooLongIsSaidToBe) {
  const MountedTree tree(root_);
  EXPECT_EQ(::access(tree.path(std::string(256, 'x')).c_str(), F_OK), -1);
  EXPECT_EQ(errno, ENAMETOOLONG);
  EXPECT_EQ(::access(tree.path(std::string(255, 'x')).c_str(), F_OK), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(SessionRefusal, TheProcessThatServesDoesNotWaitForItself) {
  const MountedTree tree(root_, [](SessionOptions* options) {
    options->serve_own_process = false;
  });
  EXPECT_EQ(::open(tree.path("f").c_str(), O_RDONLY), -1);
  EXPECT_EQ(errno, EDEADLK);
  EXPECT_EQ(shell("cat " + tree.path("f")), "content");

  struct stat status = {};
  EXPECT_EQ(::stat(tree.mountpoint().c_str(), &status), 0);
}

TEST_F(SessionRefusal, OthersAreKeptOutUnlessAllowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  const std::string as_other = "setpriv --reuid=65534 --clear-groups cat ";
  const auto make_reachable = [](const MountedTree& tree) {
    std::filesystem::permissions(
        std::filesystem::path(tree.mountpoint()).parent_path(),
        std::filesystem::perms(0755));
  };

  const MountedTree closed(root_);
  make_reachable(closed);
  EXPECT_NE(shell(as_other + closed.path("f")), "content");

  const MountedTree open(
      root_, [](SessionOptions* options) { options->allow_other = true; });
  make_reachable(open);
  EXPECT_EQ(shell(as_other + open.path("f")), "content");
}

TEST(SessionMount, AMissingMountPointIsAnError) {
  DAGFS_SKIP_WITHOUT_FUSE();
  const TemporaryFolder folder;
  const auto session = FuseSession::mount({.mountpoint = folder.path("none")},
                                          std::make_shared<FakeDirectory>());
  ASSERT_FALSE(session.ok());
  EXPECT_NE(session.error().message().find(folder.path("none")),
            std::string::npos)
      << session.error().message();
}

}  // namespace
}  // namespace dagfs::fs
