// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/read_write_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

std::unique_ptr<PosixReadWriteFile> open_new(const TemporaryFolder& folder) {
  return PosixReadWriteFile::adopt(
             UniqueFd(::open(folder.path("file").c_str(),
                             O_RDWR | O_CREAT | O_CLOEXEC, 0600)))
      .value();
}

std::string content_of(const ReadWriteFile& file) {
  Bytes bytes(file.size().value());
  EXPECT_TRUE(file.read_at(0, bytes).ok());
  return std::string(as_text(bytes));
}

TEST(PosixReadWriteFile, PartsAreWrittenOneBehindTheOther) {
  const TemporaryFolder folder;
  const auto file = open_new(folder);
  std::vector<ByteView> parts;
  std::string expected = "head";
  const std::string letters = "abcdefghijklmnopqrstuvwxyz";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const std::string_view part = std::string_view(letters).substr(i, i % 3);
    parts.push_back(as_bytes(part));
    expected += part;
  }

  ASSERT_TRUE(file->write_at(0, as_bytes("head")).ok());
  ASSERT_TRUE(file->write_at(4, parts).ok());
  ASSERT_TRUE(file->write_at(4, std::span<const ByteView>()).ok());
  ASSERT_TRUE(file->sync().ok());

  EXPECT_EQ(content_of(*file), expected);
}

TEST(PosixReadWriteFile, ResizingCutsAndFillsWithZeros) {
  const TemporaryFolder folder;
  const auto file = open_new(folder);
  ASSERT_TRUE(file->write_at(0, as_bytes("hello")).ok());

  ASSERT_TRUE(file->resize(2).ok());
  ASSERT_TRUE(file->resize(4).ok());

  EXPECT_EQ(content_of(*file), std::string("he\0\0", 4));
}

TEST(PosixReadWriteFile, ReadingPastTheEndSaysSo) {
  const TemporaryFolder folder;
  const auto file = open_new(folder);
  ASSERT_TRUE(file->write_at(0, as_bytes("hello")).ok());
  Bytes out(3);

  EXPECT_THAT(file->read_at(3, out), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(file->read_some_at(3, out), IsOkAnd(2U));
  EXPECT_THAT(file->read_some_at(9, out), IsOkAnd(0U));
}

TEST(PosixReadWriteFile, OnlyRegularFilesAreTakenOver) {
  int ends[2] = {};
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd other(ends[1]);

  EXPECT_THAT(PosixReadWriteFile::adopt(UniqueFd(ends[0])),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(PosixReadWriteFile, WriteThatHitsALimitFails) {
  const TemporaryFolder folder;
  const auto file = open_new(folder);
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {.rlim_cur = 8, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);

  const Status status = file->write_at(0, as_bytes("0123456789"));

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_THAT(status, FailsWith(ErrorCode::kIo));
  EXPECT_EQ(content_of(*file), "01234567");
}

TEST(ReadWriteFileView, EndsWhereItWasToldTo) {
  const TemporaryFolder folder;
  const auto file = open_new(folder);
  ASSERT_TRUE(file->write_at(0, as_bytes("hello world")).ok());
  const ReadWriteFileView view(*file, 5);
  Bytes out(5);

  ASSERT_TRUE(view.read_at(0, out).ok());
  EXPECT_EQ(as_text(out), "hello");
  EXPECT_THAT(view.read_at(1, out), FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs
