// SPDX-License-Identifier: Apache-2.0 OR MIT

// A spool in a temporary folder, and who watches it.

#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "fs/inbox/spool.h"
#include "fs/lane.h"
#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::tests {

class CountingObserver final : public fs::SpoolObserver {
 public:
  void opened() override { ++opens; }
  void closed() override { ++closes; }
  Status begin_change() override {
    if (is_sealed) return refusal(EROFS, "change what is sealed");
    ++changes_begun;
    return ok_status();
  }
  void changed() override { ++changes_ended; }

  int open_now() const { return opens - closes; }

  std::atomic<bool> is_sealed = false;
  std::atomic<int> opens = 0;
  std::atomic<int> closes = 0;
  std::atomic<int> changes_begun = 0;
  std::atomic<int> changes_ended = 0;
};

class Spool {
 public:
  explicit Spool(std::shared_ptr<fs::Lane> lane = std::make_shared<fs::Lane>())
      : lane_(std::move(lane)) {
    std::filesystem::create_directory(path());
    top_ = open();
  }

  // Where it lies on the disk.
  std::string path(const std::string& name = "") const {
    return folder_.path("spool") + (name.empty() ? "" : '/' + name);
  }
  const std::shared_ptr<const fs::WritableNode>& top() const { return top_; }
  CountingObserver& observer() const { return *observer_; }

 private:
  std::shared_ptr<const fs::WritableNode> open() {
    auto opened =
        fs::open_spool(UniqueFd(::open(path().c_str(), O_PATH | O_CLOEXEC)),
                       {.inode = 1, .lane = lane_, .observer = observer_});
    if (!opened.ok()) {
      ADD_FAILURE() << opened.error().message();
      std::abort();  // Every step of the test would fail.
    }
    return std::move(opened).value();
  }

  TemporaryFolder folder_;
  std::shared_ptr<fs::Lane> lane_;
  std::shared_ptr<CountingObserver> observer_ =
      std::make_shared<CountingObserver>();
  std::shared_ptr<const fs::WritableNode> top_;
};

// A spool shown through the kernel, beside a plain folder on the same disk that
// says how things ought to be.
class MountedSpool : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    std::filesystem::create_directory(plain_);
    tree_.emplace(spool_.top(), [](fs::SessionOptions* options) {
      options->allow_other = ::geteuid() == 0;
    });
  }

  // By other users.
  void make_reachable() {
    std::filesystem::permissions(
        std::filesystem::path(tree_->mountpoint()).parent_path(),
        std::filesystem::perms(0755));
  }

  std::string path(const std::string& name = "") const {
    return tree_->mountpoint() + (name.empty() ? "" : '/' + name);
  }
  std::string plain(const std::string& name = "") const {
    return plain_ + (name.empty() ? "" : '/' + name);
  }

  Spool spool_;
  TemporaryFolder folder_;
  const std::string plain_ = folder_.path("plain");
  std::optional<MountedTree> tree_;
};

}  // namespace dagfs::tests
