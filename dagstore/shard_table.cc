// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_table.h"

#include <utility>
#include <vector>

namespace dagfs::dagstore {
namespace {

// About a kilobyte each. Forgetting one only means that it is tried again at
// the next look, however soon.
constexpr std::size_t kIdleFailedMax = 4096;

}  // namespace

PinnedShard ShardTable::pin(const ShardKey& key) {
  const MutexLock lock(mutex_);
  auto found = slots_.find(key.text());
  if (found == slots_.end()) {
    pinned_.push_front({.shard = std::make_shared<LiveShard>(key)});
    const auto slot = pinned_.begin();
    slot->list = &pinned_;
    found = slots_.emplace(slot->shard->key.text(), slot).first;
  }
  const Slots::iterator slot = found->second;
  if (slot->pins++ == 0) move(slot, &pinned_);
  return {shared_from_this(), slot->shard};
}

std::shared_ptr<LiveShard> ShardTable::find(std::string_view key) const {
  const MutexLock lock(mutex_);
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : found->second->shard;
}

void ShardTable::forget(const LiveShard& shard) {
  Slots doomed;  // Dies after the lock.
  const MutexLock lock(mutex_);
  const auto found = slots_.find(shard.key.text());
  if (found == slots_.end() || found->second->shard.get() != &shard) return;
  const Slots::iterator slot = found->second;
  slots_.erase(found);
  doomed.splice(doomed.begin(), *slot->list, slot);
}

void ShardTable::wake_all() {
  std::vector<std::shared_ptr<LiveShard>> shards;
  {
    const MutexLock lock(mutex_);
    for (const Slot& slot : pinned_) shards.push_back(slot.shard);
  }
  for (const auto& shard : shards) {
    // Under the mutex, lest somebody who has just looked misses it.
    const MutexLock lock(shard->mutex);
    shard->turn_ended.notify_all();
  }
}

void ShardTable::unpin(const LiveShard& shard) {
  // Closing files may wait for a disk or a network, so what is evicted dies
  // after the lock.
  Slots evicted;
  const MutexLock lock(mutex_);
  const auto found = slots_.find(shard.key.text());
  if (found == slots_.end() || found->second->shard.get() != &shard) return;
  const Slots::iterator slot = found->second;
  if (--slot->pins > 0) return;

  Slots* const idle = list_for_idle(*slot->shard);
  Slots::iterator victim = slot;
  if (idle != nullptr) {
    move(slot, idle);
    const std::size_t max =
        idle == &idle_open_ ? idle_open_max_ : kIdleFailedMax;
    if (idle->size() <= max) return;
    victim = std::prev(idle->end());
  }
  slots_.erase(victim->shard->key.text());
  evicted.splice(evicted.begin(), *victim->list, victim);
}

ShardTable::Slots* ShardTable::list_for_idle(LiveShard& shard) {
  // Nobody else has it now; the lock is for the memory's sake.
  const MutexLock lock(shard.mutex);
  if (shard.open != nullptr) return &idle_open_;
  return shard.failure.has_value() ? &idle_failed_ : nullptr;
}

void ShardTable::move(Slots::iterator slot, Slots* to) {
  to->splice(to->begin(), *slot->list, slot);
  slot->list = to;
}

}  // namespace dagfs::dagstore
