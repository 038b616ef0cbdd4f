// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/errno_map.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace dagfs::fs {
namespace {

TEST(ErrnoFrom, TellsTheKernelWhatItCanActUpon) {
  EXPECT_EQ(errno_from(ErrorCode::kNotFound), EIO);
  EXPECT_EQ(errno_from(ErrorCode::kInvalidArgument), EINVAL);
  EXPECT_EQ(errno_from(ErrorCode::kCorrupt), EIO);
  EXPECT_EQ(errno_from(ErrorCode::kUnsupported), EOPNOTSUPP);
  EXPECT_EQ(errno_from(ErrorCode::kUnavailable), EIO);
  EXPECT_EQ(errno_from(ErrorCode::kStale), ESTALE);
  EXPECT_EQ(errno_from(ErrorCode::kExhausted), ENOMEM);
  EXPECT_EQ(errno_from(ErrorCode::kIo), EIO);
  EXPECT_EQ(errno_from(ErrorCode::kNoSpace), ENOSPC);
}

}  // namespace
}  // namespace dagfs::fs
