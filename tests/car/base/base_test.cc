// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "car/base/bytes.h"
#include "car/base/checked.h"
#include "car/base/endian.h"
#include "car/base/error.h"
#include "car/base/hex.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/base/unique_fd.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(ToHex, GivesTwoDigitsAByte) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(to_hex(bytes({0x00, 0x0f, 0xa0, 0xff})), "000fa0ff");
}

TEST(BytesFromHex, IsTheWayBack) {
  EXPECT_EQ(bytes_from_hex(""), Bytes());
  EXPECT_EQ(bytes_from_hex("000fa0ff"), bytes({0x00, 0x0f, 0xa0, 0xff}));
  EXPECT_EQ(bytes_from_hex("0"), std::nullopt);
  EXPECT_EQ(bytes_from_hex("0G"), std::nullopt);
  EXPECT_EQ(bytes_from_hex("A0"), std::nullopt);
}

TEST(Checked, WrappingSumsAndProductsAreAbsent) {
  EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
  EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
  EXPECT_EQ(checked_multiply(std::uint64_t{1} << 32, 1),
            std::uint64_t{1} << 32);
  EXPECT_EQ(checked_multiply(std::uint64_t{1} << 32, std::uint64_t{1} << 32),
            std::nullopt);
}

TEST(Endian, NumbersOfAnyAlignmentRoundTrip) {
  std::array<std::byte, 9> memory = {};

  store_le(memory.data() + 1, std::uint64_t{0x0102030405060708});

  EXPECT_EQ(to_hex(memory), "000807060504030201");
  EXPECT_EQ(load_le<std::uint64_t>(memory.data() + 1), 0x0102030405060708u);
  EXPECT_EQ(load_le<std::uint16_t>(memory.data() + 1), 0x0708u);
  EXPECT_EQ(load_be64(memory.data() + 1), 0x0807060504030201u);
}

TEST(Error, ContextReadsFromTheOutsideIn) {
  const Error error = Error(ErrorCode::kCorrupt, "cut short")
                          .context("read index")
                          .context("open shard");

  EXPECT_EQ(error.message(), "open shard: read index: cut short");
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
}

TEST(Error, SystemErrorsSayWhatTheSystemSaid) {
  const Error error = error_from_errno(EIO, "write");

  EXPECT_EQ(error.code(), ErrorCode::kIo);
  EXPECT_EQ(error.message(), "write: Input/output error (errno 5)");
}

TEST(Error, FullDisksAndQuotasHaveACodeOfTheirOwn) {
  EXPECT_EQ(error_from_errno(ENOSPC, "write").code(), ErrorCode::kNoSpace);
  EXPECT_EQ(error_from_errno(EDQUOT, "write").code(), ErrorCode::kNoSpace);
}

Result<int> half(int number) {
  if (number % 2 != 0) return Error(ErrorCode::kInvalidArgument, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  const int first = DAGFS_TRY(half(number));
  return DAGFS_TRY_CONTEXT(half(first), "second half");
}

TEST(Result, TryGivesTheValueOrPassesTheErrorOn) {
  EXPECT_THAT(quarter(8), IsOkAnd(2));
  EXPECT_THAT(quarter(3), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_EQ(quarter(2).error().message(), "second half: odd");
}

TEST(Result, MovesOutOfRvalues) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));

  const std::unique_ptr<int> value = *std::move(result);

  EXPECT_EQ(*value, 7);
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesWhatItOwnsOnce) {
  UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();

  UniqueFd second = std::move(first);
  EXPECT_FALSE(static_cast<bool>(first));  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(is_open(number));
  second.reset();

  EXPECT_FALSE(is_open(number));
  EXPECT_FALSE(static_cast<bool>(second));
}

// A door that one thread waits at and another opens.
class Door {
 public:
  void open() {
    const MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  void wait() {
    const MutexLock lock(mutex_);
    while (!open_) changed_.wait(mutex_);
  }

  bool wait_shortly() {
    const MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, std::chrono::nanoseconds(1));
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool open_ DAGFS_GUARDED_BY(mutex_) = false;
};

TEST(ConditionVariable, WaitersAreWokenAndKeepTheLock) {
  Door door;
  const std::jthread waiter([&] { door.wait(); });
  door.open();
}

TEST(ConditionVariable, WaitingForAWhileEnds) {
  Door door;
  // Woken for no reason or not, it returns.
  door.wait_shortly();
}

}  // namespace
}  // namespace dagfs::tests
