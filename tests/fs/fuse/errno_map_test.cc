// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/errno_map.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace dagfs::fs {
namespace {

int told(ErrorCode code) { return errno_from(Error(code, "why")); }

TEST(ErrnoFrom, TellsTheKernelWhatItCanActUpon) {
  EXPECT_EQ(told(ErrorCode::kNotFound), EIO);
  EXPECT_EQ(told(ErrorCode::kInvalidArgument), EINVAL);
  EXPECT_EQ(told(ErrorCode::kCorrupt), EIO);
  EXPECT_EQ(told(ErrorCode::kUnsupported), EOPNOTSUPP);
  EXPECT_EQ(told(ErrorCode::kUnavailable), EIO);
  EXPECT_EQ(told(ErrorCode::kStale), ESTALE);
  EXPECT_EQ(told(ErrorCode::kExhausted), ENOMEM);
  EXPECT_EQ(told(ErrorCode::kIo), EIO);
  EXPECT_EQ(told(ErrorCode::kNoSpace), ENOSPC);
  EXPECT_EQ(told(ErrorCode::kRefused), EIO);
}

TEST(ErrnoFrom, LackOfRoomReachesTheWriter) {
  for (const int number : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(errno_from(error_from_errno(number, "write")), number);
  }
}

TEST(ErrnoFrom, OtherNumbersOfTheSystemAreOfFilesThatNobodyNamed) {
  for (const int number : {ENOENT, EACCES, EPERM, EROFS, EMFILE}) {
    EXPECT_EQ(errno_from(error_from_errno(number, "open a piece")), EIO);
  }
}

TEST(ErrnoFrom, ARefusalIsToldAsItIs) {
  for (const int number : {EEXIST, ENOTEMPTY, EXDEV, ENOENT, EIO, EINTR}) {
    EXPECT_EQ(errno_from(refusal(number, "rename")), number);
  }
}

}  // namespace
}  // namespace dagfs::fs
