// SPDX-License-Identifier: Apache-2.0 OR MIT

// Reading files through the kernel.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kContentSize = (3 << 20) + 12345;

class SessionRead : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    file_->queue = std::make_shared<Lane>();
    root_->entries = {{"f", file_}};
  }

  // The bytes of `path` through a mapping of this kind.
  static std::string mapped(const std::string& path, int flags) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    void* memory = ::mmap(nullptr, kContentSize, PROT_READ, flags, fd.get(), 0);
    if (memory == MAP_FAILED) return "cannot be mapped";
    std::string content(static_cast<const char*>(memory), kContentSize);
    ::munmap(memory, kContentSize);
    return content;
  }

  const std::string content_ = pattern(kContentSize);
  const std::shared_ptr<FakeFile> file_ = std::make_shared<FakeFile>(content_);
  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

TEST_F(SessionRead, GivesTheBytesOfTheFile) {
  const MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("f")), content_);
}

TEST_F(SessionRead, AnEmptyFileIsEmpty) {
  root_->entries["empty"] = std::make_shared<FakeFile>("");
  const MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("empty")), "");
}

TEST_F(SessionRead, ReadsPastTheEndAreEmpty) {
  const MountedTree tree(root_);
  const UniqueFd fd(::open(tree.path("f").c_str(), O_RDONLY | O_CLOEXEC));
  char byte = 0;
  EXPECT_EQ(::pread(fd.get(), &byte, 1, kContentSize), 0);
  EXPECT_EQ(::pread(fd.get(), &byte, 1, off_t{1} << 60), 0);
  EXPECT_EQ(::pread(fd.get(), &byte, 1, kContentSize - 1), 1);
  EXPECT_EQ(byte, content_.back());
}

TEST_F(SessionRead, MappingsShowTheSame) {
  const MountedTree tree(root_);
  EXPECT_EQ(mapped(tree.path("f"), MAP_PRIVATE), content_);
  EXPECT_EQ(mapped(tree.path("f"), MAP_SHARED), content_);
}

TEST_F(SessionRead, PastTheCacheItIsTheSame) {
  file_->is_direct = true;
  const MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("f")), content_);
  EXPECT_EQ(mapped(tree.path("f"), MAP_PRIVATE), content_);
}

TEST_F(SessionRead, AnswersInMorePiecesThanOneWriteTakes) {
  file_->piece_size = 100;
  file_->is_direct = true;
  const MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("f")), content_);
}

TEST_F(SessionRead, TwoReadersAtOnceGetTheSame) {
  const MountedTree tree(root_);
  std::optional<std::string> other;
  std::thread thread([&] { other = read_all(tree.path("f")); });
  EXPECT_EQ(read_all(tree.path("f")), content_);
  thread.join();
  EXPECT_EQ(other, content_);
}

TEST_F(SessionRead, ABackingFileThatWasCutIsAnErrorAndNotTheEnd) {
  const TemporaryFolder folder;
  const std::string backing = folder.write("backing", content_);
  auto opened = BackedFile::open(backing, BackedFile::By::kMapping);
  ASSERT_TRUE(opened.ok());
  root_->entries["cut"] = *opened;
  const MountedTree tree(root_);
  std::filesystem::resize_file(backing, 0);

  EXPECT_EQ(read_all(tree.path("cut")), std::nullopt);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(read_all(tree.path("f")), content_);
}

TEST_F(SessionRead, ABackingFileThatWasCutIsAnErrorInManyPiecesToo) {
  const TemporaryFolder folder;
  const std::string backing = folder.write("backing", content_);
  auto opened = BackedFile::open(backing, BackedFile::By::kMapping);
  ASSERT_TRUE(opened.ok());
  (*opened)->piece_size = 100;
  root_->entries["cut"] = *opened;
  const MountedTree tree(root_);
  EXPECT_EQ(read_all(tree.path("cut"), O_RDONLY | O_DIRECT), content_);
  std::filesystem::resize_file(backing, 0);

  EXPECT_EQ(read_all(tree.path("cut"), O_RDONLY | O_DIRECT), std::nullopt);
  EXPECT_EQ(errno, EIO);
}

TEST_F(SessionRead, WhatFilesDoThatNobodyImplementsWorks) {
  const MountedTree tree(root_);
  const UniqueFd fd(::open(tree.path("f").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd other(::open(tree.path("f").c_str(), O_RDONLY | O_CLOEXEC));

  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_DATA), 0);
  EXPECT_EQ(::lseek(fd.get(), 5, SEEK_HOLE), off_t{kContentSize});
  EXPECT_EQ(::lseek(fd.get(), kContentSize, SEEK_DATA), -1);
  EXPECT_EQ(errno, ENXIO);
  EXPECT_EQ(::fsync(fd.get()), 0);
  EXPECT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL), 0);
  pollfd waited = {.fd = fd.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&waited, 1, 0), 1);
  int ignored = 0;
  EXPECT_EQ(::ioctl(fd.get(), 0x1234, &ignored), -1);
  EXPECT_EQ(errno, ENOTTY);
}

TEST_F(SessionRead, LocksHoldOnThisMachine) {
  const MountedTree tree(root_);
  const UniqueFd fd(::open(tree.path("f").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd other(::open(tree.path("f").c_str(), O_RDONLY | O_CLOEXEC));

  EXPECT_EQ(::flock(fd.get(), LOCK_EX), 0);
  EXPECT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), -1);
  EXPECT_EQ(errno, EWOULDBLOCK);
}

}  // namespace
}  // namespace dagfs::fs
