// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

#include "car/base/mutex.h"

namespace dagfs::car {

// Keeps values up to a total cost and drops the least recently used ones beyond
// it, though never the one put in last. Whoever holds a dropped value keeps it.
// Safe for use from many threads at once; its lock is held for a look-up only.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class BoundedCache {
 public:
  explicit BoundedCache(std::size_t cost_max) : cost_max_(cost_max) {}

  // Null: not here.
  std::shared_ptr<Value> find(const Key& key) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second.value;
  }

  // The value that is kept under `key` from now on: the one already there,
  // where another thread came first.
  std::shared_ptr<Value> insert(const Key& key, std::shared_ptr<Value> value,
                                std::size_t cost) {
    const MutexLock lock(mutex_);
    const auto [place, added] = entries_.try_emplace(key);
    Entry& entry = place->second;
    if (!added) return entry.value;
    entry.value = std::move(value);
    entry.cost = cost;
    order_.push_front(&place->first);
    entry.place = order_.begin();
    cost_ += cost;
    auto kept = entry.value;
    while (cost_ > cost_max_ && order_.size() > 1) drop_last_locked();
    return kept;
  }

  std::size_t size() {
    const MutexLock lock(mutex_);
    return entries_.size();
  }

 private:
  // Keys live in the map, whose elements never move.
  using Order = std::list<const Key*>;

  struct Entry {
    std::shared_ptr<Value> value;
    std::size_t cost = 0;
    typename Order::iterator place;
  };

  void drop_last_locked() DAGFS_REQUIRES(mutex_) {
    const auto last = entries_.find(*order_.back());
    order_.pop_back();
    cost_ -= last->second.cost;
    entries_.erase(last);
  }

  const std::size_t cost_max_;
  Mutex mutex_;
  std::unordered_map<Key, Entry, Hash> entries_ DAGFS_GUARDED_BY(mutex_);
  Order order_ DAGFS_GUARDED_BY(mutex_);  // Most recently used first.
  std::size_t cost_ DAGFS_GUARDED_BY(mutex_) = 0;
};

}  // namespace dagfs::car
