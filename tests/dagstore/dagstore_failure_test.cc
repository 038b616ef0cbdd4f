// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a dagstore does about sources that fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagstore/dagstore.h"
#include "dagstore/live_shard.h"
#include "tests/dagstore/store_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using tests::FailsWith;
using tests::IsOkAnd;

using DagstoreFailureTest = StoreFixture;

TEST(BackOff, DoublesFromOneSecondToFiveMinutes) {
  EXPECT_EQ(back_off(1), seconds(1));
  EXPECT_EQ(back_off(2), seconds(2));
  EXPECT_EQ(back_off(9), seconds(256));
  EXPECT_EQ(back_off(10), minutes(5));
  EXPECT_EQ(back_off(4'000'000'000), minutes(5));
}

TEST_F(DagstoreFailureTest, FailureIsKeptWithItsReason) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].fail_opens(1, ErrorCode::kIo);
  const auto lease = acquire("a");
  EXPECT_THAT(lease, FailsWith(ErrorCode::kIo));
  EXPECT_EQ(lease.error().message(), "shard a: open piece: told to fail");

  for (int process = 0; process < 2; ++process) {
    const auto info = store->info(key_of("a"));
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->state, ShardState::kErrored);
    EXPECT_EQ(info->error, "open piece: told to fail");
    reopen();
  }
}

TEST_F(DagstoreFailureTest, FailedShardIsLeftAloneForTheBackOff) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].fail_opens(2, ErrorCode::kIo);
  EXPECT_FALSE(acquire("a").ok());
  EXPECT_FALSE(acquire("a").ok());
  EXPECT_EQ(sources["a"].opens(), 1U);

  now += seconds(1);
  EXPECT_FALSE(acquire("a").ok());
  EXPECT_EQ(sources["a"].opens(), 2U);
  now += seconds(2) - milliseconds(1);
  EXPECT_FALSE(acquire("a").ok());
  EXPECT_EQ(sources["a"].opens(), 2U);

  now += milliseconds(1);
  EXPECT_TRUE(acquire("a").ok());
  EXPECT_EQ(state("a"), ShardState::kAvailable);
  EXPECT_EQ(store->info(key_of("a"))->error, "");
}

TEST_F(DagstoreFailureTest, ChangedSourceIsTriedAtOnce) {
  const OneBlockCar car("hello");
  add("a", Bytes(5));
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kCorrupt));
  sources["a"].set_bytes(car.bytes());
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
}

TEST_F(DagstoreFailureTest, NextProcessTriesAtOnce) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].fail_opens(1, ErrorCode::kIo);
  EXPECT_FALSE(acquire("a").ok());
  reopen();
  EXPECT_TRUE(acquire("a").ok());
  reopen();
  EXPECT_EQ(state("a"), ShardState::kAvailable);
}

TEST_F(DagstoreFailureTest, SourceThatComesBackUnchangedIsNotIndexedAgain) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  sources["a"].set_present(false);
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kUnavailable));
  EXPECT_EQ(state("a"), ShardState::kErrored);
  EXPECT_THAT(store->piece_stamp(key_of("a")),
              FailsWith(ErrorCode::kUnavailable));

  sources["a"].set_present(true);
  const unsigned opens = sources["a"].opens();
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
  EXPECT_EQ(sources["a"].opens(), opens + 1);
  reopen();
  EXPECT_EQ(state("a"), ShardState::kAvailable);
}

// The Go dagstore makes it Available when the last reader leaves.
TEST_F(DagstoreFailureTest, ReturnedLeaseDoesNotHealAFailedShard) {
  add("a", OneBlockCar("hello").bytes());
  {
    const auto lease = acquire("a");
    ASSERT_TRUE(lease.ok());
    sources["a"].set_bytes(Bytes(5));
    EXPECT_FALSE(acquire("a").ok());
    EXPECT_EQ(state("a"), ShardState::kErrored);
    EXPECT_EQ(store->info(key_of("a"))->leases, 1U);
  }
  EXPECT_EQ(state("a"), ShardState::kErrored);
  EXPECT_EQ(store->info(key_of("a"))->leases, 0U);
  EXPECT_TRUE(store->destroy(key_of("a")).ok());
}

TEST_F(DagstoreFailureTest, PieceWrittenToWhileIndexedIsTriedOnceMore) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  sources["a"].change_next_stamps(2);  // Before and after the first try.
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
}

TEST_F(DagstoreFailureTest, PieceWrittenToAllTheTimeIsUnavailable) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].change_next_stamps(1000);
  const auto lease = acquire("a");
  EXPECT_THAT(lease, FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(lease.error().message(), HasSubstr("written to"));
}

TEST_F(DagstoreFailureTest, SizeThatIsNotThereIsCorrupt) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].lie_about_size(100);
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kCorrupt));
}

TEST_F(DagstoreFailureTest, StoppedStoreOpensNothing) {
  add("a", OneBlockCar("hello").bytes());
  store->stop();
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kUnavailable));
  reopen();
  EXPECT_EQ(state("a"), ShardState::kNew);
  EXPECT_TRUE(acquire("a").ok());
}

TEST_F(DagstoreFailureTest, UnreadableIndexFolderFailsTheShardOnly) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  folder.write("repo/index/x", "");
  std::filesystem::remove_all(folder.path("repo/index"));
  folder.write("repo/index", "a file where the folder was");
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kIo));

  std::filesystem::remove(folder.path("repo/index"));
  std::filesystem::create_directory(folder.path("repo/index"));
  now += seconds(1);
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
}

}  // namespace
}  // namespace dagfs::dagstore
