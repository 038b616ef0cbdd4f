// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/tree_context.h"

#include <algorithm>
#include <utility>

namespace dagfs::fs {

Result<dagstore::ShardLease> ShardContext::acquire() const {
  return tree->store().acquire(key);
}

ShardPtr TreeContext::shard(const dagstore::ShardKey& key) {
  const MutexLock lock(mutex_);
  auto& kept = shards_[key.text()];
  if (auto context = kept.lock()) return context;
  auto context = std::make_shared<const ShardContext>(
      ShardContext{.tree = shared_from_this(),
                   .key = key,
                   .lane = std::make_shared<Lane>()});
  kept = context;
  if (shards_.size() >= sweep_at_) {
    std::erase_if(shards_,
                  [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, 2 * shards_.size());
  }
  return context;
}

}  // namespace dagfs::fs
