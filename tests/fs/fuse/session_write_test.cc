// SPDX-License-Identifier: Apache-2.0 OR MIT

// Files that are written, as the handle and the writer see it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tests/fs/fuse/mounted_tree.h"
#include "tests/support/memory_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SessionWrite : public testing::Test {
 protected:
  void SetUp() override { DAGFS_SKIP_WITHOUT_FUSE(); }
  // Whatever happens, nobody may go on waiting.
  void TearDown() override { gate_->open(); }

  UniqueFd create(const MountedTree& tree, const std::string& name,
                  int flags = 0) {
    return UniqueFd(::open(tree.path(name).c_str(),
                           O_RDWR | O_CREAT | O_CLOEXEC | flags, 0644));
  }

  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  const std::shared_ptr<MemoryOptions> options_ =
      std::make_shared<MemoryOptions>();
  const std::shared_ptr<MemoryDirectory> root_ =
      std::make_shared<MemoryDirectory>(options_);
};

TEST_F(SessionWrite, WhatIsWrittenIsReadBack) {
  const MountedTree tree(root_);
  const UniqueFd fd = create(tree, "f");
  const std::string content = pattern(3 << 20);

  ASSERT_EQ(::write(fd.get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));

  EXPECT_EQ(root_->file("f")->content(), content);
  EXPECT_EQ(read_all(tree.path("f")), content);
}

TEST_F(SessionWrite, BytesThatAreKeptStayAsTheyWere) {
  std::vector<WrittenBytes> kept;
  options_->kept = &kept;
  const MountedTree tree(root_);
  const UniqueFd fd = create(tree, "f");
  // Small ones are copied, large ones stay in the memory of the request.
  const std::vector<std::size_t> sizes = {1, 4096, 65536, 1 << 20, 1 << 20};
  const std::string content = pattern(3 << 20);
  std::size_t written = 0;
  for (const std::size_t size : sizes) {
    ASSERT_EQ(::write(fd.get(), content.data() + written, size),
              static_cast<ssize_t>(size));
    written += size;
  }

  // Takes the lock of who wrote, as `kept` is read after it.
  EXPECT_EQ(root_->file("f")->content().size(), written);
  std::string all;
  for (const WrittenBytes& part : kept) all += as_text(part.bytes);
  EXPECT_TRUE(all == content.substr(0, written));
}

TEST_F(SessionWrite, AnErrorOfTheDiskReachesTheWriter) {
  for (const int number : {ENOSPC, EDQUOT, EFBIG, EIO}) {
    options_->errors.insert_or_assign("write",
                                      error_from_errno(number, "on purpose"));
    const MountedTree tree(root_);
    const UniqueFd fd = create(tree, "f");
    EXPECT_EQ(::write(fd.get(), "x", 1), -1);
    EXPECT_EQ(errno, number);
  }
}

TEST_F(SessionWrite, WhatWentWrongLaterIsToldAtCloseAndFsync) {
  options_->errors.emplace("flush", error_from_errno(ENOSPC, "on purpose"));
  options_->errors.emplace("fsync", error_from_errno(EDQUOT, "on purpose"));
  const MountedTree tree(root_);
  const int fd = ::open(tree.path("f").c_str(), O_WRONLY | O_CREAT, 0644);

  EXPECT_EQ(::fsync(fd), -1);
  EXPECT_EQ(errno, EDQUOT);
  EXPECT_EQ(::close(fd), -1);
  EXPECT_EQ(errno, ENOSPC);
}

TEST_F(SessionWrite, EachCloseOfADuplicateFlushesTheLastOneCloses) {
  const MountedTree tree(root_);
  UniqueFd fd = create(tree, "f");
  UniqueFd copy(::dup(fd.get()));
  const auto file = root_->file("f");

  fd.reset();
  EXPECT_EQ(file->flushes, 1);
  EXPECT_EQ(::write(copy.get(), "x", 1), 1);
  EXPECT_EQ(file->closes, 0);
  copy.reset();
  EXPECT_EQ(file->flushes, 2);
  wait_until([&] { return file->closes == 1; });
}

TEST_F(SessionWrite, OSyncSyncsEachWrite) {
  const MountedTree tree(root_);
  const UniqueFd fd = create(tree, "f", O_SYNC);
  ASSERT_EQ(::write(fd.get(), "ab", 2), 2);
  ASSERT_EQ(::write(fd.get(), "cd", 2), 2);
  EXPECT_GE(root_->file("f")->syncs, 2);
}

TEST_F(SessionWrite, AHeldBackWriterHoldsUpNobodyElse) {
  options_->lane = std::make_shared<Lane>();
  auto other_options = std::make_shared<MemoryOptions>();
  other_options->lane = std::make_shared<Lane>();
  const auto top = std::make_shared<FakeDirectory>();
  top->entries = {{"held", root_},
                  {"free", std::make_shared<MemoryDirectory>(other_options)}};
  options_->write_gate = gate_;
  const MountedTree tree(top);
  std::vector<UniqueFd> files;
  // More than the lane has places.
  for (unsigned i = 0; i < 2 * kLaneRunningMax; ++i) {
    files.push_back(create(tree, "held/" + std::to_string(i)));
  }
  std::vector<std::thread> writers;
  for (const UniqueFd& file : files) {
    writers.emplace_back(
        [fd = file.get()] { EXPECT_EQ(::write(fd, "x", 1), 1); });
  }
  gate_->wait_for_arrivals(kLaneRunningMax);

  const UniqueFd other = create(tree, "free/f");
  EXPECT_EQ(::write(other.get(), "x", 1), 1);

  gate_->open();
  for (std::thread& writer : writers) writer.join();
}

TEST_F(SessionWrite, AnInterruptedWriterEndsThoughItIsHeldBack) {
  options_->lane = std::make_shared<Lane>();
  options_->write_gate = gate_;
  const MountedTree tree(root_);
  const pid_t writer =
      start_program({"sh", "-c", "echo content > " + tree.path("f")});
  gate_->wait_for_arrivals(1);

  ::kill(writer, SIGINT);

  EXPECT_TRUE(WIFSIGNALED(wait_for_program(writer)));
  EXPECT_EQ(root_->file("f")->content(), "");
}

TEST_F(SessionWrite, AWriterThatIsParkedNeverWritesAfterItsInterrupt) {
  options_->lane = std::make_shared<Lane>(1);
  options_->write_gate = gate_;
  const MountedTree tree(root_);
  const UniqueFd first = create(tree, "first");
  const UniqueFd second = create(tree, "second");
  std::thread held([&] { EXPECT_EQ(::write(first.get(), "x", 1), 1); });
  gate_->wait_for_arrivals(1);
  const pid_t parked =
      start_program({"sh", "-c", "printf x 1<>" + tree.path("second")});
  wait_until([&] { return tree.counters().parked >= 1; });

  ::kill(parked, SIGINT);
  EXPECT_TRUE(WIFSIGNALED(wait_for_program(parked)));
  gate_->open();
  held.join();

  EXPECT_EQ(root_->file("second")->content(), "");
}

TEST_F(SessionWrite, TheEndOfTheSessionLetsAHeldBackWriterGo) {
  options_->write_gate = gate_;
  options_->lane = std::make_shared<Lane>();
  MountedTree tree(root_);
  const pid_t writer =
      start_program({"sh", "-c", "echo content > " + tree.path("f")});
  gate_->wait_for_arrivals(1);

  const auto remains = tree.stop();

  EXPECT_EQ(remains.requests, 0U);
  EXPECT_EQ(remains.threads, 0U);
  wait_for_program(writer);
}

TEST_F(SessionWrite, ASharedMappingIsWrittenBackWithAndWithoutTheKernelsHelp) {
  for (const bool direct : {true, false}) {
    const MountedTree tree(
        root_, [&](SessionOptions* options) { options->direct_mmap = direct; });
    const UniqueFd fd = create(tree, "f");
    ASSERT_EQ(::ftruncate(fd.get(), 8192), 0);

    EXPECT_TRUE(in_other_process([&fd] {
      void* mapped = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED,
                            fd.get(), 0);
      if (mapped == MAP_FAILED) return false;
      auto* memory = static_cast<char*>(mapped);
      std::memcpy(memory + 4000, "across two pages", 16);
      return ::msync(memory, 8192, MS_SYNC) == 0 &&
             ::pwrite(fd.get(), "by a write", 10, 100) == 10 &&
             std::memcmp(memory + 100, "by a write", 10) == 0;
    }));

    EXPECT_EQ(root_->file("f")->content().substr(4000, 16), "across two pages");
    EXPECT_EQ(root_->file("f")->content().substr(100, 10), "by a write");
  }
}

TEST_F(SessionWrite, AttributesAreTheNodesToSet) {
  const MountedTree tree(root_);
  const std::string path = tree.path("f");
  const UniqueFd fd = create(tree, "f");
  EXPECT_EQ(::setxattr(path.c_str(), "user.x", "value", 5, XATTR_REPLACE), -1);
  EXPECT_EQ(errno, ENODATA);
  EXPECT_EQ(::setxattr(path.c_str(), "user.x", "value", 5, XATTR_CREATE), 0);
  EXPECT_EQ(::setxattr(path.c_str(), "user.x", "value", 5, XATTR_CREATE), -1);
  EXPECT_EQ(errno, EEXIST);
  char value[8] = {};
  EXPECT_EQ(::getxattr(path.c_str(), "user.x", value, sizeof(value)), 5);
  EXPECT_STREQ(value, "value");
  EXPECT_EQ(::removexattr(path.c_str(), "user.x"), 0);
  EXPECT_EQ(::removexattr(path.c_str(), "user.x"), -1);
  EXPECT_EQ(errno, ENODATA);
}

TEST_F(SessionWrite, WhatLiesBesideAWritableTreeStaysAsItIs) {
  const auto top = std::make_shared<FakeDirectory>();
  top->entries = {{"inbox", root_},
                  {"f", std::make_shared<FakeFile>("content")},
                  {"d", std::make_shared<FakeDirectory>()}};
  const MountedTree tree(top);
  const UniqueFd fd = create(tree, "inbox/g");
  const std::string inside = tree.path("inbox/g");
  const auto fails = [](int result) { return result == -1 ? errno : 0; };

  EXPECT_EQ(fails(::rename(inside.c_str(), tree.path("g").c_str())), EROFS);
  EXPECT_EQ(fails(::rename(inside.c_str(), tree.path("d/g").c_str())), EROFS);
  EXPECT_EQ(
      fails(::rename(tree.path("f").c_str(), tree.path("inbox/f").c_str())),
      EROFS);
  EXPECT_EQ(fails(::link(inside.c_str(), tree.path("d/g").c_str())), EROFS);
  EXPECT_EQ(fails(::link(inside.c_str(), tree.path("inbox/h").c_str())), EPERM);
  EXPECT_EQ(fails(::open(tree.path("f").c_str(), O_WRONLY)), EROFS);
  EXPECT_EQ(fails(::rmdir(tree.path("inbox").c_str())), EROFS);
}

}  // namespace
}  // namespace dagfs::fs
