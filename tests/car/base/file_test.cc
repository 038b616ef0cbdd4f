// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::tests {
namespace {

using testing::_;
using testing::HasSubstr;

std::string text_at(const RandomAccessFile& file, std::uint64_t offset,
                    std::size_t size) {
  Bytes bytes(size);
  const auto count = file.read_some_at(offset, bytes);
  EXPECT_THAT(count, IsOkAnd(_));
  return std::string(as_text(bytes).substr(0, count.ok() ? *count : 0));
}

void expect_reads_like(const RandomAccessFile& file) {  // Holds "0123456789".
  EXPECT_EQ(file.size(), 10u);
  EXPECT_EQ(text_at(file, 0, 10), "0123456789");
  EXPECT_EQ(text_at(file, 8, 10), "89");
  EXPECT_EQ(text_at(file, 10, 1), "");
  EXPECT_EQ(text_at(file, ~std::uint64_t{0}, 1), "");
  std::array<std::byte, 3> three = {};
  EXPECT_THAT(file.read_at(7, three), IsOkAnd(_));
  EXPECT_EQ(as_text(three), "789");
  EXPECT_THAT(file.read_at(8, three), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(file.read_at(8, three).error().message(),
              HasSubstr("file ends at 10, 1 bytes short"));
  EXPECT_THAT(file.read_at(99, {}), IsOkAnd(_));
}

TEST(MemoryFile, ReadsAtAnyOffset) {
  const ByteView text = as_bytes("0123456789");
  expect_reads_like(MemoryFile(Bytes(text.begin(), text.end())));
}

TEST(PosixFile, ReadsAtAnyOffset) {
  const TemporaryFolder folder;
  const auto file = PosixFile::open(folder.write("file", "0123456789"));

  ASSERT_TRUE(file.ok());
  expect_reads_like(**file);
  EXPECT_GE((*file)->plain_fd(), 0);
}

TEST(PosixFile, KeepsTheSizeItHadWhenOpened) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "0123456789");
  const auto file = PosixFile::open(path);
  ASSERT_TRUE(file.ok());
  const auto before = (*file)->stamp();

  std::ofstream(path, std::ios::app) << "more";

  EXPECT_EQ((*file)->size(), 10u);
  EXPECT_EQ(text_at(**file, 8, 10), "89");
  const auto after = (*file)->stamp();
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_FALSE(*before == *after);
}

TEST(PosixFile, OnlyRegularFilesAreOpened) {
  const TemporaryFolder folder;
  const std::string fifo = folder.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);

  EXPECT_THAT(PosixFile::open(folder.path("none")),
              FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(PosixFile::open(folder.path()),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(PosixFile::open(fifo), FailsWith(ErrorCode::kInvalidArgument));
}

TEST(StampOfPath, IsThatOfTheOpenFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "x");
  const auto file = PosixFile::open(path);
  ASSERT_TRUE(file.ok());

  EXPECT_THAT(stamp_of_path(path), IsOkAnd(*(*file)->stamp()));
  EXPECT_THAT(stamp_of_path(folder.path("none")),
              FailsWith(ErrorCode::kNotFound));
}

TEST(TemporaryFile, HoldsWhatIsWrittenAndCanBeRead) {
  auto fd = create_temporary_file();
  ASSERT_TRUE(fd.ok());

  EXPECT_THAT(write_all(fd->get(), as_bytes("0123456789")), IsOkAnd(_));
  const auto file = PosixFile::adopt(*std::move(fd));

  ASSERT_TRUE(file.ok());
  expect_reads_like(**file);
}

TEST(WriteAll, SaysWhatTheSystemSaid) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full here";

  EXPECT_THAT(write_all(full.get(), as_bytes("x")),
              FailsWith(ErrorCode::kNoSpace));
  EXPECT_THAT(write_all(-1, as_bytes("x")), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(write_all(-1, {}), IsOkAnd(_));
}

}  // namespace
}  // namespace dagfs::tests
