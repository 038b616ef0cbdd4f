// SPDX-License-Identifier: Apache-2.0 OR MIT

// The life of a shard as a pure function. docs/architecture.md draws it.
//
//   New           kInitialize -> Initializing
//   Initializing  kIndexed -> Available, kFailed -> Errored
//   Available     kAcquired -> Serving, kRecover -> Recovering
//   Serving       kReleased -> Available, kRecover -> Recovering
//   Recovering    kIndexed -> Available, kFailed -> Errored, kReleased
//   Errored       kRecover -> Recovering, kReleased
//
// Leases given on a piece that was then replaced may come back while the new
// one is being indexed, or after that failed: a reader's leaving heals nothing,
// so the state stays. (The Go dagstore makes such a shard Available.)

#pragma once

#include <cstdint>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::dagstore {

// Names and numbers are those of the Go dagstore, as Lotus stores and prints
// them.
enum class ShardState : std::uint8_t {
  kNew = 0,           // Registered, never looked into.
  kInitializing = 1,  // Being fetched and indexed for the first time.
  kAvailable = 2,     // Indexed, nobody reads.
  kServing = 3,       // Indexed, at least one lease.
  kRecovering = 128,  // Being fetched and indexed again.
  kErrored = 240,     // Could not be initialized; the reason is kept.
};

// "ShardStateNew" and so on.
std::string_view to_string(ShardState state);

// The state with that number; kCorrupt where there is none.
Result<ShardState> shard_state_from_number(std::uint64_t number);

enum class ShardEvent : std::uint8_t {
  kInitialize,  // Somebody looked, and it was never indexed.
  kRecover,   // Somebody looked after an error, or its piece or index changed.
  kIndexed,   // Piece and index are in place and fit each other.
  kFailed,    // Fetching or indexing failed.
  kAcquired,  // The first lease was given.
  kReleased,  // The last lease came back.
};

// kInvalidArgument: `event` cannot happen in `state`.
Result<ShardState> next(ShardState state, ShardEvent event);

// What a state becomes when the process that was in it is gone: transient ones
// are never stored. kInitializing becomes kNew, kServing kAvailable,
// kRecovering kErrored.
ShardState state_at_rest(ShardState state);

}  // namespace dagfs::dagstore
