// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "car/base/mutex.h"
#include "dagstore/live_shard.h"

namespace dagfs::dagstore {

class PinnedShard;

// The live shards: those somebody uses, and those used last. Its mutex is held
// for a few pointer moves, never while a shard is read, opened or closed.
class ShardTable : public std::enable_shared_from_this<ShardTable> {
 public:
  // `idle_open_max`: open shards kept though nobody uses them.
  explicit ShardTable(std::size_t idle_open_max)
      : idle_open_max_(idle_open_max) {}

  // The live shard of `key`, made if need be; it stays the one as long as the
  // pin lives, unless it is destroyed.
  PinnedShard pin(const ShardKey& key);

  // Null: not live.
  std::shared_ptr<LiveShard> find(std::string_view key) const;

  // Takes the (destroyed) shard out; the next pin() makes a new one.
  void forget(const LiveShard& shard);

  // Wakes everybody who waits for a turn, to look whether to go on waiting.
  void wake_all();

 private:
  friend class PinnedShard;

  struct Slot;
  using Slots = std::list<Slot>;

  struct Slot {
    std::shared_ptr<LiveShard> shard;
    std::size_t pins = 0;
    Slots* list = nullptr;  // Which of the three below it is in.
  };

  void unpin(const LiveShard& shard);
  Slots* list_for_idle(LiveShard& shard) DAGFS_REQUIRES(mutex_);
  void move(Slots::iterator slot, Slots* to) DAGFS_REQUIRES(mutex_);

  const std::size_t idle_open_max_;

  mutable Mutex mutex_;
  // By the key inside the LiveShard.
  std::unordered_map<std::string_view, Slots::iterator> slots_
      DAGFS_GUARDED_BY(mutex_);
  Slots pinned_ DAGFS_GUARDED_BY(mutex_);
  // Used last in front. What failed is remembered for its back-off only.
  Slots idle_open_ DAGFS_GUARDED_BY(mutex_);
  Slots idle_failed_ DAGFS_GUARDED_BY(mutex_);
};

// Keeps a live shard in the table. Move-only; may outlive the dagstore.
class PinnedShard {
 public:
  PinnedShard(PinnedShard&&) noexcept = default;
  PinnedShard& operator=(PinnedShard&&) = delete;
  PinnedShard(const PinnedShard&) = delete;
  PinnedShard& operator=(const PinnedShard&) = delete;
  ~PinnedShard() {
    if (shard_ != nullptr) table_->unpin(*shard_);
  }

  LiveShard& operator*() const { return *shard_; }
  LiveShard* operator->() const { return shard_.get(); }

 private:
  friend class ShardTable;

  PinnedShard(std::shared_ptr<ShardTable> table,
              std::shared_ptr<LiveShard> shard)
      : table_(std::move(table)), shard_(std::move(shard)) {}

  std::shared_ptr<ShardTable> table_;
  std::shared_ptr<LiveShard> shard_;
};

}  // namespace dagfs::dagstore
