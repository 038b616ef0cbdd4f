// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "car/base/result.h"
#include "dagstore/dagstore.h"
#include "dagstore/index_repo.h"
#include "dagstore/inverted_builder.h"
#include "dagstore/live_shard.h"
#include "dagstore/shard_registry.h"
#include "dagstore/shard_table.h"
#include "mount/mount_registry.h"

namespace dagfs::dagstore {

// Opens, indexes and destroys shards. Safe for use from many threads at once;
// whoever works on one shard holds its turn and no lock, so that no other
// shard ever waits for it.
class ShardOpener {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // All must outlive the opener, but not the leases it gives.
  struct Parts {
    ShardRegistry& registry;
    const IndexRepo& indices;
    const mount::MountRegistry& mounts;
    ShardTable& table;
    InvertedBuilder& inverted;
    Clock now;
  };

  explicit ShardOpener(Parts parts) : parts_(std::move(parts)) {}

  // Dagstore's, whose errors do not name the key yet.
  Result<ShardLease> acquire(const ShardKey& key);
  Status destroy(const ShardKey& key);
  void stop();

  // Set by stop(), for work that it shall end.
  const std::atomic<bool>& is_stopping() const { return is_stopping_; }

 private:
  // A live shard as it was between two turns.
  struct View {
    bool has_waited = false;  // For the end of somebody's turn.
    bool is_gone = false;
    std::uint64_t turns = 0;
    std::shared_ptr<const mount::Mount> mount;
    std::shared_ptr<const IndexedShard> open;
    std::optional<ShardFailure> failure;
  };

  // What a turn starts from and changes.
  struct Work {
    ShardInfo info;  // As stored, but for its state.
    std::shared_ptr<const mount::Mount> mount;
    std::optional<FileStamp> stamp;  // Of the piece when the turn began.
    bool index_is_damaged = false;
  };
  using Opened = std::shared_ptr<const IndexedShard>;

  Result<std::optional<ShardLease>> acquire_pinned(PinnedShard& shard);
  View look(LiveShard& shard) const;
  bool is_fresh(const View& seen) const;
  bool may_be_tried(const View& seen) const;
  std::optional<ShardLease> grant(PinnedShard& shard, const Opened& open) const;

  Status take_turn(LiveShard& shard, std::uint64_t turns);
  Result<Work> begin_work(LiveShard& shard);
  Result<Opened> open_or_index(LiveShard& shard, Work* work);
  Result<Opened> index(LiveShard& shard, Work* work);
  Status succeed(LiveShard& shard, Work work, Opened opened);
  Error fail(LiveShard& shard, Work work, Error error);
  Status remove(const ShardKey& key);
  RetiredIndex old_index(const ShardInfo& info) const;

  const Parts parts_;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace dagfs::dagstore
