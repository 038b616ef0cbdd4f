// SPDX-License-Identifier: Apache-2.0 OR MIT

// What this process knows of the shards that somebody looks at.

#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "car/base/mutex.h"
#include "dagstore/indexed_shard.h"
#include "dagstore/shard_info.h"
#include "mount/mount.h"

namespace dagfs::dagstore {

// The last try to open a shard, which went wrong.
struct ShardFailure {
  Error error;
  unsigned count = 0;  // In a row, with the same stamp.
  std::chrono::steady_clock::time_point retry_at;
  std::optional<FileStamp> stamp;  // Of the piece; nullopt: had none.
};

// How long a shard is left alone after `count` failures in a row: 1 s, doubled
// each time, up to 5 minutes.
std::chrono::seconds back_off(unsigned count);

// One shard. Its turn belongs to one thread at a time, which loads, indexes,
// opens or destroys it, and holds no lock while it does; the others wait for
// the end of the turn. What has a turn to be changed is changed under the
// mutex too, so that it can be read with either.
struct LiveShard {
  explicit LiveShard(ShardKey shard_key) : key(std::move(shard_key)) {}

  const ShardKey key;

  Mutex mutex;
  ConditionVariable turn_ended;
  bool turn_is_taken DAGFS_GUARDED_BY(mutex) = false;
  std::uint64_t turns DAGFS_GUARDED_BY(mutex) = 0;  // That ended.
  // Destroyed: whoever still has this object looks the key up anew.
  bool is_gone DAGFS_GUARDED_BY(mutex) = false;

  // The record, with the state and leases of this process; nullopt until it is
  // loaded.
  std::optional<ShardInfo> info DAGFS_GUARDED_BY(mutex);
  std::shared_ptr<const mount::Mount> mount DAGFS_GUARDED_BY(mutex);
  std::shared_ptr<const IndexedShard> open DAGFS_GUARDED_BY(mutex);
  std::optional<ShardFailure> failure DAGFS_GUARDED_BY(mutex);

  // Moves the state; that `event` can happen now is the caller's promise.
  void carry(ShardEvent event) DAGFS_REQUIRES(mutex);

  // Counts a lease in or out.
  void add_lease() DAGFS_REQUIRES(mutex);
  void return_lease() DAGFS_REQUIRES(mutex);

  // Ends the turn; the caller has changed what it had to.
  void end_turn() DAGFS_REQUIRES(mutex);
};

}  // namespace dagfs::dagstore
