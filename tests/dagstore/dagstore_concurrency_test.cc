// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a dagstore does when many ask at once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include "dagstore/dagstore.h"
#include "tests/dagstore/store_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;

constexpr int kThreads = 32;

class DagstoreConcurrencyTest : public StoreFixture {
 protected:
  // Calls acquire("a") from many threads at the same time.
  std::vector<std::optional<Result<ShardLease>>> acquire_at_once() {
    std::vector<std::optional<Result<ShardLease>>> leases(kThreads);
    std::latch start(kThreads);
    std::vector<std::jthread> threads;
    for (auto& lease : leases) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        lease = acquire("a");
      });
    }
    threads.clear();
    return leases;
  }
};

TEST_F(DagstoreConcurrencyTest, ManyFirstLooksCostOneIndexing) {
  add("a", OneBlockCar("hello").bytes());
  const auto leases = acquire_at_once();
  for (const auto& lease : leases) {
    ASSERT_TRUE(lease->ok()) << lease->error().message();
    EXPECT_EQ((**lease)->generation(), (**leases[0])->generation());
  }
  EXPECT_EQ(sources["a"].opens(), 2U) << "one to index, one to read";
  EXPECT_EQ(store->info(key_of("a"))->leases, std::uint64_t{kThreads});
}

TEST_F(DagstoreConcurrencyTest, ManyFirstLooksShareOneFailure) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].fail_opens(1, ErrorCode::kIo);
  for (const auto& lease : acquire_at_once()) {
    EXPECT_THAT(*lease, FailsWith(ErrorCode::kIo));
  }
  EXPECT_EQ(sources["a"].opens(), 1U);
}

TEST_F(DagstoreConcurrencyTest, HangingShardDelaysNoOther) {
  const OneBlockCar car("hello");
  add("slow", OneBlockCar("slow").bytes());
  add("b", car.bytes());
  sources["slow"].hang();
  std::jthread slow([&] { EXPECT_TRUE(acquire("slow").ok()); });
  sources["slow"].wait_until_somebody_hangs();

  EXPECT_THAT(read("b", car.cid), IsOkAnd(std::string("hello")));
  add("c", car.bytes());
  EXPECT_THAT(read("c", car.cid), IsOkAnd(std::string("hello")));
  EXPECT_EQ(state("slow"), ShardState::kInitializing);
  EXPECT_THAT(store->destroy(key_of("slow")),
              FailsWith(ErrorCode::kUnavailable));
  EXPECT_TRUE(store->destroy(key_of("b")).ok());
  int shards = 0;
  EXPECT_TRUE(store
                  ->for_each("",
                             [&](const ShardInfo&) {
                               ++shards;
                               return true;
                             })
                  .ok());
  EXPECT_EQ(shards, 2);
  sources["slow"].release();
}

TEST_F(DagstoreConcurrencyTest, StopFreesThoseWhoWaitForAHangingShard) {
  add("a", OneBlockCar("hello").bytes());
  sources["a"].hang();
  std::jthread worker([&] { EXPECT_FALSE(acquire("a").ok()); });
  sources["a"].wait_until_somebody_hangs();
  std::latch waiting(1);
  std::jthread waiter([&] {
    waiting.count_down();
    EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kUnavailable));
  });
  waiting.wait();

  store->stop();
  waiter.join();  // While the worker hangs still.
  sources["a"].release();
}

TEST_F(DagstoreConcurrencyTest, ManyRegistrationsOfOneKeyGiveOneShard) {
  sources["a"];
  std::atomic<int> successes = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        if (store->register_shards({{key_of("a"), "fault:a"}}).ok()) {
          ++successes;
        }
      });
    }
  }
  EXPECT_EQ(successes, 1);
}

// Everything at once on few shards: nothing may hang, and whoever gets a lease
// reads the right bytes.
TEST_F(DagstoreConcurrencyTest, StormOfAllOperations) {
  open_shards_max = 2;
  reopen();
  const OneBlockCar car("hello");
  for (const char* key : {"a", "b", "c", "d"}) add(key, car.bytes());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 30; ++round) {
        const std::string key(1, static_cast<char>('a' + (i + round) % 4));
        const auto lease = acquire(key);
        if (lease.ok()) {
          EXPECT_TRUE((*lease)->blocks().get(car.cid).ok());
        }
        if (i == 0) sources[key].set_bytes(car.bytes());
        if (i == 1 && store->destroy(key_of(key)).ok()) {
          EXPECT_TRUE(
              store->register_shards({{key_of(key), "fault:" + key}}).ok());
        }
        if (i == 2) (void)store->info(key_of(key));
      }
    });
  }
  threads.clear();
  for (const char* key : {"a", "b", "c", "d"}) {
    EXPECT_THAT(read(key, car.cid), IsOkAnd(std::string("hello")));
    EXPECT_EQ(store->info(key_of(key))->leases, 0U);
  }
}

}  // namespace
}  // namespace dagfs::dagstore
