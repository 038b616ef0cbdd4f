// SPDX-License-Identifier: Apache-2.0 OR MIT

// floor_server MOUNTPOINT FILE
//
// A FUSE server that does nothing but answer, through the session that dagfs
// uses: what it does not reach, dagfs cannot reach either.
//
//   file         FILE, out of a mapping
//   passthrough  FILE, read by the kernel itself where it can
//   names/       100,000 empty files
//   discard/     takes whatever is written, and keeps names and sizes only
//
// Prints "ready" when it is mounted; ends with SIGINT, SIGTERM or an unmount.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "fs/fuse/mount_point.h"
#include "fs/fuse/session.h"
#include "tests/support/fake_nodes.h"
#include "tests/support/memory_tree.h"

namespace dagfs::tests {
namespace {

constexpr std::uint64_t kNames = 100'000;

Result<fs::NodePtr> make_tree(const std::string& path) {
  auto root = std::make_shared<FakeDirectory>();
  // In a lane, as every file of dagfs is.
  auto mapped = DAGFS_TRY(BackedFile::open(path, BackedFile::By::kMapping));
  mapped->queue = std::make_shared<fs::Lane>();
  auto passed = DAGFS_TRY(BackedFile::open(path, BackedFile::By::kPassthrough));
  passed->queue = mapped->queue;
  auto names = std::make_shared<WideDirectory>(kNames);
  names->queue = mapped->queue;
  auto discarding = std::make_shared<MemoryOptions>();
  discarding->discards = true;
  discarding->lane = std::make_shared<fs::Lane>();
  root->entries = {{"file", mapped},
                   {"passthrough", passed},
                   {"names", names},
                   {"discard", std::make_shared<MemoryDirectory>(discarding)}};
  return fs::NodePtr(root);
}

Status serve(const std::string& mountpoint, const std::string& path) {
  DAGFS_TRY(fs::replace_stale_mount(mountpoint));
  const fs::NodePtr tree = DAGFS_TRY(make_tree(path));
  auto session = DAGFS_TRY(fs::FuseSession::mount(
      {.mountpoint = mountpoint, .source = "dagfs:floor"}, tree));

  // Taken off the process before any thread exists, so that this one gets them.
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGINT);
  ::sigaddset(&ends, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::thread([&ends, &session] {
    int signal = 0;
    ::sigwait(&ends, &signal);
    session.request_stop();
  }).detach();

  std::puts("ready");
  std::fflush(stdout);
  DAGFS_TRY(session.serve());
  return ok_status();
}

}  // namespace
}  // namespace dagfs::tests

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: floor_server MOUNTPOINT FILE\n", stderr);
    return 64;
  }
  const dagfs::Status status = dagfs::tests::serve(argv[1], argv[2]);
  if (!status.ok()) {
    std::fprintf(stderr, "floor_server: %s\n",
                 status.error().message().c_str());
    return 1;
  }
  // The thread that waits for signals refers to what ends with serve().
  std::fflush(stdout);
  ::_exit(0);
}
