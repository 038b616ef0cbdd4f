// SPDX-License-Identifier: Apache-2.0 OR MIT

// How a session ends, and what is left of one that was killed.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "fs/fuse/mount_point.h"
#include "tests/fs/fuse/mounted_tree.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SessionEnd : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    root_->entries = {{"f", std::make_shared<FakeFile>("content")}};
  }

  static bool is_mounted(const std::string& path) {
    const auto mount = find_mount_on(path);
    return mount.ok() && mount->has_value();
  }

  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

TEST_F(SessionEnd, StoppingUnmounts) {
  MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("f")), "content");
  EXPECT_GE(tree.counters().threads, 1U);

  const auto remains = tree.stop();

  EXPECT_EQ(remains.requests, 0U);
  EXPECT_EQ(remains.threads, 0U);
  EXPECT_FALSE(is_mounted(tree.mountpoint()));
}

TEST_F(SessionEnd, StoppingBeforeTheFirstRequestUnmounts) {
  MountPoint mount_point;
  auto session = FuseSession::mount({.mountpoint = mount_point.path()}, root_);
  ASSERT_TRUE(session.ok());
  session->request_stop();
  EXPECT_TRUE(session->serve().ok());
  EXPECT_FALSE(is_mounted(mount_point.path()));
}

TEST_F(SessionEnd, ASessionThatNeverServedUnmounts) {
  MountPoint mount_point;
  {
    auto session =
        FuseSession::mount({.mountpoint = mount_point.path()}, root_);
    ASSERT_TRUE(session.ok());
    EXPECT_TRUE(is_mounted(mount_point.path()));
  }
  EXPECT_FALSE(is_mounted(mount_point.path()));
}

TEST_F(SessionEnd, UnmountingFromOutsideEndsIt) {
  MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("f")), "content");

  EXPECT_EQ(shell("fusermount3 -u " + tree.mountpoint()), "");

  EXPECT_EQ(tree.wait().threads, 0U);
  EXPECT_FALSE(is_mounted(tree.mountpoint()));
}

TEST_F(SessionEnd, AMountInUseIsTakenOffAndItsFilesFail) {
  MountedTree tree(root_);
  const UniqueFd fd(::open(tree.path("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(fd);

  EXPECT_EQ(tree.stop().threads, 0U);

  EXPECT_FALSE(is_mounted(tree.mountpoint()));
  char byte = 0;
  EXPECT_EQ(::read(fd.get(), &byte, 1), -1);
}

TEST_F(SessionEnd, WhatIsMountedBelowOursStays) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount anything";
  const TemporaryFolder folder;
  const MountPoint mount_point;
  ASSERT_EQ(::mount("none", mount_point.path().c_str(), "tmpfs", 0, nullptr),
            0);
  auto session = FuseSession::mount({.mountpoint = mount_point.path()}, root_);
  ASSERT_TRUE(session.ok());
  ASSERT_EQ(::umount2(mount_point.path().c_str(), MNT_DETACH), 0);

  session->request_stop();
  EXPECT_TRUE(session->serve().ok());

  const auto left = find_mount_on(mount_point.path());
  ASSERT_TRUE(left.ok() && left->has_value());
  EXPECT_EQ((*left)->type, "tmpfs");
}

TEST_F(SessionEnd, AHungShardDelaysTheEndButDoesNotPreventIt) {
  const auto gate = std::make_shared<Gate>();
  auto hung = std::make_shared<FakeFile>("hung");
  hung->queue = std::make_shared<Lane>(2);
  hung->open_gate = gate;
  root_->entries["hung"] = hung;
  MountedTree tree(root_);
  std::vector<std::thread> readers;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 5; ++i) {
    readers.emplace_back([&] {
      if (!read_all(tree.path("hung"))) ++failures;
    });
  }
  wait_until([&] { return tree.counters().parked == 3; });

  const auto remains = tree.stop();

  EXPECT_EQ(remains.requests, 5U);
  EXPECT_EQ(remains.threads, 2U);
  EXPECT_FALSE(is_mounted(tree.mountpoint()));
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 5);
  gate->open();
  wait_until([&] { return tree.counters().running == 0; });
}

// A process that mounts and serves until it is killed.
class Daemon {
 public:
  Daemon(const std::string& mountpoint, NodePtr root) {
    int ready[2] = {};
    if (::pipe2(ready, O_CLOEXEC) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      auto session =
          FuseSession::mount({.mountpoint = mountpoint}, std::move(root));
      if (!session.ok() || ::write(ready[1], "x", 1) != 1) ::_exit(1);
      ::_exit(session->serve().ok() ? 0 : 1);
    }
    ::close(ready[1]);
    char byte = 0;
    is_ready_ = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() { kill(); }

  bool is_ready() const { return is_ready_; }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    wait_for_program(std::exchange(child_, -1));
  }

 private:
  pid_t child_ = -1;
  bool is_ready_ = false;
};

TEST_F(SessionEnd, WhatAKilledDaemonLeftIsReplaced) {
  const MountPoint mount_point;
  Daemon daemon(mount_point.path(), root_);
  ASSERT_TRUE(daemon.is_ready());
  EXPECT_EQ(read_all(mount_point.path() + "/f"), "content");

  daemon.kill();
  EXPECT_EQ(::open(mount_point.path().c_str(), O_RDONLY), -1);
  EXPECT_EQ(errno, ENOTCONN);

  EXPECT_TRUE(replace_stale_mount(mount_point.path()).ok());
  EXPECT_FALSE(is_mounted(mount_point.path()));
  Daemon next(mount_point.path(), root_);
  ASSERT_TRUE(next.is_ready());
  EXPECT_EQ(read_all(mount_point.path() + "/f"), "content");
}

TEST_F(SessionEnd, AMountThatLivesIsNotReplaced) {
  const MountedTree tree(root_);
  EXPECT_TRUE(replace_stale_mount(tree.mountpoint()).ok());
  EXPECT_EQ(read_all(tree.path("f")), "content");
}

}  // namespace
}  // namespace dagfs::fs
