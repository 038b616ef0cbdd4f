// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/live_shard.h"

#include <algorithm>
#include <cassert>

namespace dagfs::dagstore {

std::chrono::seconds back_off(unsigned count) {
  constexpr std::chrono::seconds kMax = std::chrono::minutes(5);
  // 2^9 s is beyond the maximum already; more would overflow in the end.
  const unsigned doublings = std::min(count == 0 ? 0 : count - 1, 9U);
  return std::min(std::chrono::seconds(1U << doublings), kMax);
}

void LiveShard::carry(ShardEvent event) {
  const auto state = next(info->state, event);
  assert(state.ok());
  if (state.ok()) info->state = *state;
}

void LiveShard::add_lease() {
  if (info->leases++ == 0) carry(ShardEvent::kAcquired);
}

void LiveShard::return_lease() {
  if (--info->leases == 0) carry(ShardEvent::kReleased);
}

void LiveShard::end_turn() {
  assert(turn_is_taken);
  turn_is_taken = false;
  ++turns;
  turn_ended.notify_all();
}

}  // namespace dagfs::dagstore
