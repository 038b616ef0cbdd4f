// SPDX-License-Identifier: Apache-2.0 OR MIT

// The life of a shard as a pure function. docs/architecture.md draws it.

#pragma once

#include <cstdint>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::dagstore {

// Names and numbers are those of the Go dagstore, as Lotus stores and prints
// them.
enum class ShardState : std::uint8_t {
  kNew = 0,            // Registered, never looked into.
  kInitializing = 1,   // Being fetched and indexed for the first time.
  kAvailable = 2,      // Indexed, nobody reads.
  kServing = 3,        // Indexed, at least one lease.
  kRecovering = 128,   // Being fetched and indexed again.
  kErrored = 240,      // Could not be initialized; the reason is kept.
};

// "ShardStateNew" and so on.
std::string_view to_string(ShardState state);

enum class ShardEvent : std::uint8_t {
  kInitialize,  // Somebody looked, and there is no index yet.
  kRecover,     // Somebody looked again after an error, or its piece changed.
  kIndexed,     // The index is in place.
  kFailed,      // Fetching or indexing failed.
  kAcquired,    // The first lease was given.
  kReleased,    // The last lease came back.
};

// kInvalidArgument: `event` cannot happen in `state`.
Result<ShardState> next(ShardState state, ShardEvent event);

// What a state becomes when the process that was in it is gone: transient ones
// are never stored. kInitializing becomes kNew, kServing kAvailable,
// kRecovering kErrored.
ShardState state_at_rest(ShardState state);

}  // namespace dagfs::dagstore
