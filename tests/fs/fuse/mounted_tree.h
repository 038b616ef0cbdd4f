// SPDX-License-Identifier: Apache-2.0 OR MIT

// A tree of nodes mounted for a test, and ways to look at it.

#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "car/base/unique_fd.h"
#include "fs/fuse/session.h"
#include "tests/support/fake_nodes.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::tests {

// Tests through the kernel need its device.
#define DAGFS_SKIP_WITHOUT_FUSE()                         \
  if (::access("/dev/fuse", R_OK | W_OK) != 0) {          \
    GTEST_SKIP() << "/dev/fuse is not there or not ours"; \
  }                                                       \
  static_assert(true)

// An empty folder that something may be mounted on, which is taken off again
// whatever happens.
class MountPoint {
 public:
  MountPoint() { std::filesystem::create_directory(path_); }
  MountPoint(const MountPoint&) = delete;
  MountPoint& operator=(const MountPoint&) = delete;
  ~MountPoint() {
    while (::umount2(path_.c_str(), MNT_DETACH) == 0) {
    }
  }

  const std::string& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  const std::string path_ = folder_.path("mnt");
};

// Serves `root` on a thread of this process until it goes out of scope.
class MountedTree {
 public:
  explicit MountedTree(fs::NodePtr root, fs::SessionOptions options = {}) {
    options.mountpoint = mount_point_.path();
    options.serve_own_process = true;
    mount(std::move(root), std::move(options));
  }
  MountedTree(fs::NodePtr root,
              std::function<void(fs::SessionOptions*)> change) {
    fs::SessionOptions options;
    options.mountpoint = mount_point_.path();
    options.serve_own_process = true;
    change(&options);
    mount(std::move(root), std::move(options));
  }
  MountedTree(const MountedTree&) = delete;
  MountedTree& operator=(const MountedTree&) = delete;
  ~MountedTree() {
    if (thread_.joinable()) stop();
  }

  std::string path(std::string_view name = "") const {
    return mount_point_.path() + '/' + std::string(name);
  }
  const std::string& mountpoint() const { return mount_point_.path(); }
  const fs::RequestCounters& counters() const { return *counters_; }
  fs::FuseSession& session() { return *session_; }

  // What was left when the session ended.
  fs::FuseSession::Remains stop() {
    session_->request_stop();
    return wait();
  }
  // The same for one that ends by itself.
  fs::FuseSession::Remains wait() {
    thread_.join();
    return remains_;
  }

 private:
  void mount(fs::NodePtr root, fs::SessionOptions options) {
    counters_ = options.counters;
    auto mounted = fs::FuseSession::mount(std::move(options), std::move(root));
    if (!mounted.ok()) {
      ADD_FAILURE() << mounted.error().message();
      std::abort();  // Every step of the test would fail.
    }
    session_.emplace(std::move(mounted).value());
    thread_ = std::thread([this] {
      auto served = session_->serve();
      EXPECT_TRUE(served.ok());
      if (served.ok()) remains_ = *served;
    });
  }

  MountPoint mount_point_;
  std::shared_ptr<fs::RequestCounters> counters_;
  std::optional<fs::FuseSession> session_;
  fs::FuseSession::Remains remains_;
  std::thread thread_;
};

// Everything in a file, or nullopt with errno set.
inline std::optional<std::string> read_all(const std::string& path,
                                           int flags = O_RDONLY) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string content;
  std::string part(1 << 16, '\0');
  for (;;) {
    const ssize_t size = ::read(fd.get(), part.data(), part.size());
    if (size < 0) return std::nullopt;
    if (size == 0) return content;
    content.append(part, 0, static_cast<std::size_t>(size));
  }
}

// Waits for what other threads bring about; a test that waits in vain is ended
// by its runner.
template <typename Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

// Starts a program with nothing to read and its output thrown away.
inline pid_t start_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {0, 1, 2}) {
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  pid_t child = -1;
  if (::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(),
                     environ) != 0) {
    child = -1;
  }
  ::posix_spawn_file_actions_destroy(&actions);
  return child;
}

// How a program ended, as wait() tells it.
inline int wait_for_program(pid_t child) {
  int outcome = -1;
  while (::waitpid(child, &outcome, 0) < 0 && errno == EINTR) {
  }
  return outcome;
}

// Whether `run()` was true in a process of its own, for what a process must not
// do to files that it serves itself: a mapping that goes waits for its pages to
// be written, with a lock that the threads which serve need for their memory.
template <typename Run>
bool in_other_process(Run run) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run() ? 0 : 1);
  return child > 0 && wait_for_program(child) == 0;
}

// Runs a line of shell; what it prints.
inline std::string shell(const std::string& line) {
  const TemporaryFolder folder;
  const std::string output = folder.path("output");
  wait_for_program(
      start_program({"sh", "-c", "{ " + line + "; } > " + output + " 2>&1"}));
  std::ifstream file(output);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Bytes that differ from place to place.
inline std::string pattern(std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : content) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return content;
}

}  // namespace dagfs::tests
