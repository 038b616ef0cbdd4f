// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/hash_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "car/base/mutex.h"

namespace dagfs::car {
namespace {

TEST(HashPool, RunsEveryTaskBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    HashPool pool(3);
    EXPECT_EQ(pool.thread_count(), 3U);
    for (int i = 0; i < 1000; ++i) pool.run([&] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

TEST(HashPool, HasAThreadAProcessorUnlessToldOtherwise) {
  EXPECT_GE(HashPool().thread_count(), 1U);
}

TEST(HashPool, TasksRunSideBySide) {
  std::latch all_here(3);
  HashPool pool(3);
  // Nobody passes before three tasks run at once.
  for (int i = 0; i < 3; ++i) pool.run([&] { all_here.arrive_and_wait(); });
  all_here.wait();
}

TEST(HashPool, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    HashPool pool(1);
    for (int i = 0; i < 100; ++i) pool.run([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(HashPool, ManyThreadsMayAsk) {
  std::atomic<int> done = 0;
  {
    HashPool pool(2);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) pool.run([&] { ++done; });
      });
    }
    threads.clear();
  }
  EXPECT_EQ(done, 2000);
}

}  // namespace
}  // namespace dagfs::car
