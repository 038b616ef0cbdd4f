// SPDX-License-Identifier: Apache-2.0 OR MIT

// What becomes of the content of files in a spool.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "tests/fs/inbox/spool_fixture.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SpoolFiles : public MountedSpool {
 protected:
  UniqueFd open(const std::string& name, int flags) const {
    return UniqueFd(::open(path(name).c_str(), flags | O_CLOEXEC, 0644));
  }
  std::uint64_t size_of(const std::string& name) const {
    struct stat status = {};
    EXPECT_EQ(::stat(path(name).c_str(), &status), 0);
    return static_cast<std::uint64_t>(status.st_size);
  }
};

TEST_F(SpoolFiles, AppendersDoNotOverwriteEachOther) {
  constexpr int kLines = 200;
  const auto append = [&](char mark) {
    const UniqueFd fd = open("log", O_CREAT | O_WRONLY | O_APPEND);
    for (int i = 0; i < kLines; ++i) {
      const std::string line(9, mark);
      EXPECT_EQ(::write(fd.get(), (line + '\n').data(), 10), 10);
    }
  };
  std::thread other([&] { append('b'); });
  append('a');
  other.join();

  EXPECT_EQ(size_of("log"), 2U * kLines * 10);
  EXPECT_EQ(shell("sort " + path("log") + " | uniq -c | tr -s ' '"),
            " 200 aaaaaaaaa\n 200 bbbbbbbbb\n");
}

TEST_F(SpoolFiles, HolesAreZerosAndTakeNoRoom) {
  const UniqueFd fd = open("sparse", O_CREAT | O_RDWR);
  ASSERT_EQ(::pwrite(fd.get(), "end", 3, 64 << 20), 3);
  ASSERT_EQ(::pwrite(fd.get(), "begin", 5, 0), 5);

  char byte = 'x';
  EXPECT_EQ(::pread(fd.get(), &byte, 1, 1 << 20), 1);
  EXPECT_EQ(byte, '\0');
  struct stat status = {};
  ASSERT_EQ(::fstat(fd.get(), &status), 0);
  EXPECT_EQ(status.st_size, (64 << 20) + 3);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
}

TEST_F(SpoolFiles, TruncatingAtOpenAndLater) {
  const UniqueFd first = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::write(first.get(), "0123456789", 10), 10);
  const UniqueFd second = open("f", O_WRONLY | O_TRUNC);
  EXPECT_EQ(size_of("f"), 0U);
  ASSERT_EQ(::pwrite(first.get(), "0123456789", 10, 0), 10);

  ASSERT_EQ(::ftruncate(second.get(), 4), 0);
  EXPECT_EQ(read_all(path("f")), "0123");
  ASSERT_EQ(::ftruncate(second.get(), 6), 0);
  EXPECT_EQ(read_all(path("f")), std::string("0123\0\0", 6));

  const UniqueFd reader = open("f", O_RDONLY);
  EXPECT_EQ(::ftruncate(reader.get(), 0), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(::write(reader.get(), "x", 1), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST_F(SpoolFiles, AFileWithoutANameGoesOnWorking) {
  const UniqueFd fd = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::unlink(path("f").c_str()), 0);
  // Its name may be used again at once.
  const UniqueFd other = open("f", O_CREAT | O_EXCL | O_RDWR);
  ASSERT_TRUE(other);

  EXPECT_EQ(::write(fd.get(), "first", 5), 5);
  EXPECT_EQ(::write(other.get(), "other", 5), 5);
  EXPECT_EQ(::fchmod(fd.get(), 0400), 0);
  EXPECT_EQ(::ftruncate(fd.get(), 4), 0);
  const timespec times[2] = {{.tv_sec = 5, .tv_nsec = 0},
                             {.tv_sec = 6, .tv_nsec = 0}};
  EXPECT_EQ(::futimens(fd.get(), times), 0);

  struct stat status = {};
  ASSERT_EQ(::fstat(fd.get(), &status), 0);
  EXPECT_EQ(status.st_nlink, 0U);
  EXPECT_EQ(status.st_size, 4);
  EXPECT_EQ(status.st_mtim.tv_sec, 6);
  EXPECT_EQ(status.st_mode & 07777, 0400U);
  char content[5] = {};
  EXPECT_EQ(::pread(fd.get(), content, 5, 0), 4);
  EXPECT_STREQ(content, "firs");
  EXPECT_EQ(read_all(path("f")), "other");
}

TEST_F(SpoolFiles, AFileThatIsRenamedOverGoesOnWorking) {
  const UniqueFd fd = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::write(fd.get(), "old", 3), 3);
  const UniqueFd next = open("f.new", O_CREAT | O_RDWR);
  ASSERT_EQ(::write(next.get(), "new", 3), 3);
  ASSERT_EQ(::rename(path("f.new").c_str(), path("f").c_str()), 0);

  EXPECT_EQ(read_all(path("f")), "new");
  char content[4] = {};
  EXPECT_EQ(::pread(fd.get(), content, 3, 0), 3);
  EXPECT_STREQ(content, "old");
  EXPECT_EQ(::write(next.get(), "er", 2), 2);
  EXPECT_EQ(read_all(path("f")), "newer");
}

TEST_F(SpoolFiles, ASharedMappingSeesAndMakesWrites) {
  constexpr std::size_t kSize = 3 * 4096;
  const UniqueFd fd = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::ftruncate(fd.get(), kSize), 0);

  EXPECT_TRUE(in_other_process([&fd] {
    void* mapped =
        ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (mapped == MAP_FAILED) return false;
    auto* memory = static_cast<char*>(mapped);
    std::memset(memory + 4090, 'm', 100);
    const bool is_written = ::pwrite(fd.get(), "written", 7, 4096) == 7;
    std::memcpy(memory + 8000, "late", 4);
    return is_written && std::memcmp(memory + 4095, "mwrittenm", 9) == 0;
  }));

  std::string expected(kSize, '\0');
  expected.replace(4090, 100, 100, 'm');
  expected.replace(4096, 7, "written");
  expected.replace(8000, 4, "late");
  EXPECT_EQ(read_all(path("f")), expected);
}

TEST_F(SpoolFiles, FallocateDoesWhatTheDiskCan) {
  const UniqueFd fd = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::write(fd.get(), pattern(65536).data(), 65536), 65536);
  EXPECT_EQ(::fallocate(fd.get(), 0, 0, 131072), 0);
  EXPECT_EQ(size_of("f"), 131072U);
  EXPECT_EQ(::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, 1 << 20), 0);
  EXPECT_EQ(size_of("f"), 131072U);
  EXPECT_EQ(::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        4096, 4096),
            0);
  std::string expected = pattern(65536) + std::string(65536, '\0');
  expected.replace(4096, 4096, 4096, '\0');
  EXPECT_EQ(read_all(path("f")), expected);
  EXPECT_EQ(::fallocate(fd.get(), FALLOC_FL_COLLAPSE_RANGE, 0, 4096), -1);
  EXPECT_EQ(errno, EOPNOTSUPP);
}

TEST_F(SpoolFiles, SyncsGoDown) {
  const UniqueFd fd = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::write(fd.get(), "x", 1), 1);
  EXPECT_EQ(::fsync(fd.get()), 0);
  EXPECT_EQ(::fdatasync(fd.get()), 0);
  const UniqueFd folder(
      ::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(::fsync(folder.get()), 0);
}

TEST_F(SpoolFiles, AListingSurvivesChangesAndGoesBack) {
  constexpr int kFiles = 3000;
  for (int i = 0; i < kFiles; ++i) {
    ASSERT_TRUE(open("n" + std::to_string(i), O_CREAT | O_WRONLY));
  }
  EXPECT_EQ(shell("ls " + path() + " | wc -l"), "3000\n");
  // Reads and removes in turn.
  EXPECT_EQ(shell("cd " + path() +
                  " && find . -name 'n*[13579]' -delete; "
                  "ls | wc -l"),
            "1500\n");
  EXPECT_EQ(shell("rm -r " + path("*") + "; ls " + path() + " | wc -l"), "0\n");
}

TEST_F(SpoolFiles, TheObserverKnowsWhatIsOpenAndThatSomethingChanges) {
  const CountingObserver& observer = spool_.observer();
  UniqueFd fd = open("f", O_CREAT | O_RDWR);
  EXPECT_EQ(observer.open_now(), 1);
  const int before = observer.changes_ended;
  ASSERT_EQ(::write(fd.get(), "x", 1), 1);
  EXPECT_GT(observer.changes_ended, before);

  // Never written through, so that this process may map it.
  void* memory = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, fd.get(), 0);
  fd.reset();
  // Open for as long as it is mapped.
  EXPECT_EQ(observer.open_now(), 1);
  ::munmap(memory, 1);
  wait_until([&] { return observer.open_now() == 0; });
  EXPECT_EQ(observer.changes_begun, observer.changes_ended);
}

TEST_F(SpoolFiles, WhatIsSealedIsReadOnly) {
  const UniqueFd fd = open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(::write(fd.get(), "x", 1), 1);
  spool_.observer().is_sealed = true;
  EXPECT_EQ(::write(fd.get(), "x", 1), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(::mkdir(path("d").c_str(), 0755), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(::unlink(path("f").c_str()), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(::truncate(path("f").c_str(), 0), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(read_all(path("f")), "x");
}

TEST_F(SpoolFiles, AFullDiskIsToldAsSuch) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a small disk";
  const MountPoint small;
  if (::mount("none", small.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "cannot mount a tmpfs";
  }
  const auto observer = std::make_shared<CountingObserver>();
  const auto top =
      open_spool(UniqueFd(::open(small.path().c_str(), O_PATH | O_CLOEXEC)),
                 {.inode = 1, .lane = nullptr, .observer = observer});
  ASSERT_TRUE(top.ok());
  const MountedTree tree(*top);
  const UniqueFd fd(
      ::open(tree.path("f").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
  const std::string content = pattern(2 << 20);

  // As much as there is room for, and then the reason.
  const ssize_t taken = ::write(fd.get(), content.data(), content.size());
  EXPECT_GT(taken, 0);
  EXPECT_LE(taken, 1 << 20);
  EXPECT_EQ(::write(fd.get(), content.data(), content.size()), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(::fallocate(fd.get(), 0, 0, 4 << 20), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(::unlink(tree.path("f").c_str()), 0);
}

}  // namespace
}  // namespace dagfs::fs
