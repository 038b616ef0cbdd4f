// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/lane.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dagfs::fs {
namespace {

// Adds its name to a list when it runs.
class Named final : public LaneWork {
 public:
  Named(std::string name, std::vector<std::string>* ran)
      : name_(std::move(name)), ran_(ran) {}

  void run() override { ran_->push_back(name_); }
  bool is_abandoned() const override { return is_given_up; }

  bool is_given_up = false;

 private:
  const std::string name_;
  std::vector<std::string>* const ran_;
};

class LaneTest : public testing::Test {
 protected:
  std::unique_ptr<Named> work(std::string name) {
    return std::make_unique<Named>(std::move(name), &ran_);
  }
  // Leaves `lane` and runs whatever that makes room for, one after the other.
  void leave(LaneScheduler& scheduler, std::shared_ptr<Lane> lane) {
    while (const auto next = scheduler.leave(&lane)) next->run();
  }

  std::vector<std::string> ran_;
};

TEST_F(LaneTest, AdmitsAsManyAsTheLaneAllows) {
  LaneScheduler scheduler(10);
  Lane lane(2);

  EXPECT_TRUE(scheduler.try_enter(lane));
  EXPECT_TRUE(scheduler.try_enter(lane));
  EXPECT_FALSE(scheduler.try_enter(lane));
}

TEST_F(LaneTest, AdmitsAsManyAsAllLanesTogetherAllow) {
  LaneScheduler scheduler(1);
  Lane first;
  Lane second;

  EXPECT_TRUE(scheduler.try_enter(first));
  EXPECT_FALSE(scheduler.try_enter(second));
}

TEST_F(LaneTest, WhoLeavesRunsWhatWaitsInOrder) {
  LaneScheduler scheduler(10);
  const auto lane = std::make_shared<Lane>(1);
  ASSERT_TRUE(scheduler.try_enter(*lane));
  EXPECT_EQ(scheduler.park(lane, work("a")), nullptr);
  EXPECT_EQ(scheduler.park(lane, work("b")), nullptr);

  leave(scheduler, lane);

  EXPECT_EQ(ran_, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(scheduler.try_enter(*lane));
}

TEST_F(LaneTest, ParkingHandsBackWhereAPlaceCameFree) {
  LaneScheduler scheduler(10);
  const auto lane = std::make_shared<Lane>(1);

  const auto handed_back = scheduler.park(lane, work("a"));

  EXPECT_NE(handed_back, nullptr);
  EXPECT_FALSE(scheduler.try_enter(*lane));
}

TEST_F(LaneTest, AFullLaneDoesNotHoldUpAnother) {
  LaneScheduler scheduler(10);
  const auto hung = std::make_shared<Lane>(1);
  const auto other = std::make_shared<Lane>(1);
  ASSERT_TRUE(scheduler.try_enter(*hung));
  ASSERT_EQ(scheduler.park(hung, work("hung")), nullptr);

  ASSERT_TRUE(scheduler.try_enter(*other));
  leave(scheduler, other);

  EXPECT_TRUE(ran_.empty());
}

TEST_F(LaneTest, WhenAllPlacesAreTakenWhoLeavesServesAnyLane) {
  LaneScheduler scheduler(1);
  const auto first = std::make_shared<Lane>(1);
  const auto second = std::make_shared<Lane>(1);
  ASSERT_TRUE(scheduler.try_enter(*first));
  ASSERT_EQ(scheduler.park(second, work("second")), nullptr);
  ASSERT_EQ(scheduler.park(first, work("first")), nullptr);

  leave(scheduler, first);

  EXPECT_EQ(ran_, (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(scheduler.load().running, 0U);
}

TEST_F(LaneTest, SweepingDropsOnlyWhatWasGivenUp) {
  LaneScheduler scheduler(10);
  const auto lane = std::make_shared<Lane>(1);
  ASSERT_TRUE(scheduler.try_enter(*lane));
  auto given_up = work("given up");
  given_up->is_given_up = true;
  ASSERT_EQ(scheduler.park(lane, work("a")), nullptr);
  ASSERT_EQ(scheduler.park(lane, std::move(given_up)), nullptr);
  ASSERT_EQ(scheduler.park(lane, work("b")), nullptr);

  scheduler.sweep(*lane);
  EXPECT_EQ(scheduler.load().parked, 2U);
  leave(scheduler, lane);

  EXPECT_EQ(ran_, (std::vector<std::string>{"a", "b"}));
}

TEST_F(LaneTest, ALaneSweptEmptyIsPassedOver) {
  LaneScheduler scheduler(1);
  const auto busy = std::make_shared<Lane>();
  const auto swept = std::make_shared<Lane>();
  ASSERT_TRUE(scheduler.try_enter(*busy));
  auto given_up = work("given up");
  given_up->is_given_up = true;
  ASSERT_EQ(scheduler.park(swept, std::move(given_up)), nullptr);
  ASSERT_EQ(scheduler.park(busy, work("busy")), nullptr);

  scheduler.sweep(*swept);
  leave(scheduler, busy);

  EXPECT_EQ(ran_, std::vector<std::string>{"busy"});
}

// Counts how many run at a time in one lane.
class Counted final : public LaneWork {
 public:
  struct Count {
    std::atomic<int> running = 0;
    std::atomic<int> running_max = 0;
    std::atomic<int> done = 0;
  };
  explicit Counted(Count* count) : count_(count) {}

  void run() override {
    const int running = ++count_->running;
    int seen = count_->running_max;
    while (running > seen &&
           !count_->running_max.compare_exchange_weak(seen, running)) {
    }
    --count_->running;
    ++count_->done;
  }

 private:
  Count* const count_;
};

TEST(LaneScheduler, ManyThreadsRunEverythingOnceAndNeverTooMuch) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 500;
  constexpr int kLanes = 3;
  LaneScheduler scheduler(4);
  std::vector<std::shared_ptr<Lane>> lanes;
  for (int i = 0; i < kLanes; ++i) lanes.push_back(std::make_shared<Lane>(2));
  std::vector<Counted::Count> counts(kLanes);

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const auto index = static_cast<std::size_t>((t + round) % kLanes);
        std::shared_ptr<Lane> lane = lanes[index];
        std::unique_ptr<LaneWork> work =
            std::make_unique<Counted>(&counts[index]);
        if (!scheduler.try_enter(*lane)) {
          work = scheduler.park(lane, std::move(work));
        }
        while (work != nullptr) {
          work->run();
          work = scheduler.leave(&lane);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  int done = 0;
  for (const auto& count : counts) {
    done += count.done;
    EXPECT_LE(count.running_max, 2);
  }
  EXPECT_EQ(done, kThreads * kRounds);
  EXPECT_EQ(scheduler.load().running, 0U);
  EXPECT_EQ(scheduler.load().parked, 0U);
}

}  // namespace
}  // namespace dagfs::fs
