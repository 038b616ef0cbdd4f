// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/block_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace dagfs::tests {
namespace {

using car::BlockState;
using car::BlockStates;

TEST(BlockStates, AllAreUnknownAtFirst) {
  const BlockStates states(100'000);

  for (std::uint64_t i = 0; i < 100'000; ++i) {
    ASSERT_EQ(states.get(i), BlockState::kUnknown);
  }
}

TEST(BlockStates, NeighborsKeepTheirStates) {
  BlockStates states(50'000);
  const BlockState kinds[] = {BlockState::kVerified, BlockState::kBad,
                              BlockState::kUnknown};
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    if (kinds[i % 3] != BlockState::kUnknown) states.note(i, kinds[i % 3]);
  }

  for (std::uint64_t i = 0; i < 50'000; ++i) {
    ASSERT_EQ(states.get(i), kinds[i % 3]) << i;
  }
}

TEST(BlockStates, OnlyOneClaimSucceeds) {
  BlockStates states(1);

  EXPECT_EQ(states.claim(0), BlockState::kUnknown);
  EXPECT_EQ(states.claim(0), BlockState::kClaimed);
  states.finish(0, BlockState::kVerified);
  EXPECT_EQ(states.claim(0), BlockState::kVerified);
}

TEST(BlockStates, GivenBackClaimCanBeTakenAgain) {
  BlockStates states(1);
  states.claim(0);

  states.finish(0, BlockState::kUnknown);

  EXPECT_EQ(states.claim(0), BlockState::kUnknown);
}

TEST(BlockStates, NoteDoesNotTouchAClaimOrAVerdict) {
  BlockStates states(2);
  states.claim(0);
  states.note(0, BlockState::kBad);
  states.note(1, BlockState::kVerified);
  states.note(1, BlockState::kBad);

  EXPECT_EQ(states.get(0), BlockState::kClaimed);
  EXPECT_EQ(states.get(1), BlockState::kVerified);
}

TEST(BlockStates, WaitingForWhatIsNotClaimedReturnsAtOnce) {
  BlockStates states(2);
  states.note(1, BlockState::kBad);

  EXPECT_EQ(states.wait(0), BlockState::kUnknown);
  EXPECT_EQ(states.wait(1), BlockState::kBad);
}

TEST(BlockStates, WaitersSeeHowTheClaimEnded) {
  BlockStates states(16);
  states.claim(3);
  std::vector<std::jthread> waiters;
  std::atomic<int> verified = 0;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      if (states.wait(3) == BlockState::kVerified) ++verified;
    });
  }

  states.note(4, BlockState::kVerified);  // Wakes them for nothing.
  states.finish(3, BlockState::kVerified);
  waiters.clear();

  EXPECT_EQ(verified, 4);
}

TEST(BlockStates, ManyThreadsClaimEachBlockOnce) {
  constexpr std::uint64_t kCount = 40'000;
  BlockStates states(kCount);
  std::atomic<std::uint64_t> claims = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t ordinal = 0; ordinal < kCount; ++ordinal) {
        if (states.claim(ordinal) != BlockState::kUnknown) continue;
        ++claims;
        states.finish(ordinal, BlockState::kVerified);
      }
    });
  }
  threads.clear();

  EXPECT_EQ(claims, kCount);
}

}  // namespace
}  // namespace dagfs::tests
