// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using enum ShardState;
using tests::FailsWith;
using tests::IsOkAnd;

constexpr std::array kStates = {kNew,     kInitializing, kAvailable,
                                kServing, kRecovering,   kErrored};

constexpr std::array kEvents = {ShardEvent::kInitialize, ShardEvent::kRecover,
                                ShardEvent::kIndexed,    ShardEvent::kFailed,
                                ShardEvent::kAcquired,   ShardEvent::kReleased};

constexpr std::optional<ShardState> kNo;

// A row for each state, a column for each event, in the orders above.
constexpr std::array<std::array<std::optional<ShardState>, 6>, 6> kTable = {{
    {kInitializing, kNo, kNo, kNo, kNo, kNo},
    {kNo, kNo, kAvailable, kErrored, kNo, kNo},
    {kNo, kRecovering, kNo, kNo, kServing, kNo},
    {kNo, kRecovering, kNo, kNo, kNo, kAvailable},
    {kNo, kNo, kAvailable, kErrored, kNo, kRecovering},
    {kNo, kRecovering, kNo, kNo, kNo, kErrored},
}};

TEST(ShardState, EveryTransitionIsThatOfTheTable) {
  for (std::size_t row = 0; row < kStates.size(); ++row) {
    for (std::size_t column = 0; column < kEvents.size(); ++column) {
      const auto result = next(kStates[row], kEvents[column]);
      SCOPED_TRACE(std::string(to_string(kStates[row])) + " column " +
                   std::to_string(column));
      if (kTable[row][column].has_value()) {
        EXPECT_THAT(result, IsOkAnd(*kTable[row][column]));
      } else {
        EXPECT_THAT(result, FailsWith(ErrorCode::kInvalidArgument));
      }
    }
  }
}

// The Go dagstore has no way out of Recovering after a restart.
TEST(ShardState, EveryStateAtRestHasAWayToAvailable) {
  for (const ShardState state : kStates) {
    const ShardState rest = state_at_rest(state);
    if (rest == kAvailable) continue;
    const ShardEvent start =
        rest == kNew ? ShardEvent::kInitialize : ShardEvent::kRecover;
    const ShardState working = next(rest, start).value();
    EXPECT_THAT(next(working, ShardEvent::kIndexed), IsOkAnd(kAvailable));
  }
}

TEST(ShardState, OnlyThreeStatesAreAtRest) {
  for (const ShardState state : kStates) {
    const ShardState rest = state_at_rest(state);
    EXPECT_TRUE(rest == kNew || rest == kAvailable || rest == kErrored);
    EXPECT_EQ(state_at_rest(rest), rest);
  }
}

TEST(ShardState, NamesAndNumbersAreThoseOfLotus) {
  EXPECT_EQ(to_string(kNew), "ShardStateNew");
  EXPECT_EQ(to_string(kRecovering), "ShardStateRecovering");
  EXPECT_THAT(shard_state_from_number(0), IsOkAnd(kNew));
  EXPECT_THAT(shard_state_from_number(2), IsOkAnd(kAvailable));
  EXPECT_THAT(shard_state_from_number(240), IsOkAnd(kErrored));
}

TEST(ShardState, OtherNumbersAreCorrupt) {
  for (const std::uint64_t number : {4U, 127U, 241U, 255U, 256U, 496U}) {
    EXPECT_THAT(shard_state_from_number(number),
                FailsWith(ErrorCode::kCorrupt));
  }
}

}  // namespace
}  // namespace dagfs::dagstore
