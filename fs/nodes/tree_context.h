// SPDX-License-Identifier: Apache-2.0 OR MIT

// What nodes share: all those of one tree, and all those of one shard.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "car/base/mutex.h"
#include "dagstore/dagstore.h"
#include "fs/lane.h"
#include "fs/nodes/decoded_cache.h"
#include "fs/nodes/file_mapping.h"

namespace dagfs::fs {

class TreeContext;

// One shard as its nodes know it: by its key. It holds no lease, so that a node
// the kernel remembers keeps nothing open. Immutable; any thread.
struct ShardContext {
  std::shared_ptr<TreeContext> tree;
  dagstore::ShardKey key;
  std::shared_ptr<Lane> lane;

  // Errors as Dagstore::acquire. May wait for a disk or a download.
  Result<dagstore::ShardLease> acquire() const;
};

using ShardPtr = std::shared_ptr<const ShardContext>;

// Safe for use from many threads at once.
class TreeContext : public std::enable_shared_from_this<TreeContext> {
 public:
  // `store` must outlive the tree and all its nodes.
  explicit TreeContext(dagstore::Dagstore& store) : store_(store) {}

  dagstore::Dagstore& store() const { return store_; }
  ShardMappings& mappings() { return mappings_; }
  DecodedCache& decoded() { return decoded_; }

  // The one context of `key`: whoever asks while another node of the shard is
  // alive gets the same, and so the same lane.
  ShardPtr shard(const dagstore::ShardKey& key);

 private:
  dagstore::Dagstore& store_;
  ShardMappings mappings_;
  DecodedCache decoded_;

  Mutex mutex_;
  std::map<std::string, std::weak_ptr<const ShardContext>, std::less<>> shards_
      DAGFS_GUARDED_BY(mutex_);
  // Entries whose nodes are gone are swept when the table has grown to this,
  // so that it stays below twice the shards in use and sweeping costs little.
  std::size_t sweep_at_ DAGFS_GUARDED_BY(mutex_) = 64;
};

}  // namespace dagfs::fs
