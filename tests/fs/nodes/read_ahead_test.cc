// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/read_ahead.h"

#include <gtest/gtest.h>

namespace dagfs::fs {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

TEST(ReadAhead, NothingBeforeARunOfReads) {
  ReadAhead ahead;
  EXPECT_FALSE(ahead.plan());
  ahead.note_read({0, kMebibyte / 2});
  EXPECT_FALSE(ahead.plan());
  ahead.note_read({kMebibyte / 2, kMebibyte / 2});
  EXPECT_TRUE(ahead.plan());
}

TEST(ReadAhead, BatchesBeginAfterTheFarthestReadAndGrowToTheirMaximum) {
  ReadAhead ahead;
  ahead.note_read({kMebibyte, kMebibyte});
  ahead.note_read({0, kMebibyte});
  const auto first = ahead.plan();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->offset, 2 * kMebibyte);
  EXPECT_EQ(first->size_max, 8 * kMebibyte);
  ahead.planned(*first, 10 * kMebibyte);

  ahead.note_read({2 * kMebibyte, 8 * kMebibyte});
  const auto second = ahead.plan();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->offset, 10 * kMebibyte);
  EXPECT_EQ(second->size_max, ReadAhead::kBatchSizeMax);
}

TEST(ReadAhead, OnePlansAtATime) {
  ReadAhead ahead;
  ahead.note_read({0, kMebibyte});
  const auto batch = ahead.plan();
  ASSERT_TRUE(batch);
  EXPECT_FALSE(ahead.plan());
  ahead.planned(*batch, batch->offset + kMebibyte);
  EXPECT_TRUE(ahead.plan());
}

TEST(ReadAhead, StaysTwoBatchesAhead) {
  ReadAhead ahead;
  ahead.note_read({0, kMebibyte});
  for (int i = 0; i < 2; ++i) {
    const auto batch = ahead.plan();
    ASSERT_TRUE(batch);
    ahead.planned(*batch, batch->offset + 4 * kMebibyte);
  }
  EXPECT_FALSE(ahead.plan());

  ahead.note_read({kMebibyte, 4 * kMebibyte});
  const auto next = ahead.plan();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->offset, 9 * kMebibyte);
}

TEST(ReadAhead, ABatchThatFoundNothingIsTriedWhereTheReaderIs) {
  ReadAhead ahead;
  ahead.note_read({0, kMebibyte});
  const auto batch = ahead.plan();
  ASSERT_TRUE(batch);
  ahead.planned(*batch, batch->offset);

  ahead.note_read({kMebibyte, kMebibyte});
  const auto next = ahead.plan();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->offset, 2 * kMebibyte);
}

TEST(ReadAhead, AJumpEndsTheRun) {
  ReadAhead ahead;
  ahead.note_read({0, 8 * kMebibyte});
  ahead.note_read({100 * kMebibyte, 4096});
  EXPECT_FALSE(ahead.plan());
  ahead.note_read({100 * kMebibyte + 4096, kMebibyte});
  const auto batch = ahead.plan();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->offset, 101 * kMebibyte + 4096);

  ahead.planned(*batch, batch->offset + 4 * kMebibyte);
  ahead.note_read({0, 2 * kMebibyte});
  const auto at_start = ahead.plan();
  ASSERT_TRUE(at_start);
  EXPECT_EQ(at_start->offset, 2 * kMebibyte);
}

}  // namespace
}  // namespace dagfs::fs
