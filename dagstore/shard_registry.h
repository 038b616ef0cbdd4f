// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "dagstore/level_db.h"
#include "dagstore/shard_info.h"

namespace dagfs::dagstore {

// Which shards are registered, on disk: docs/formats/registry.md. Nothing is
// loaded before it is asked for, so that opening costs the same with one
// shard and with millions. Safe for use from many threads at once.
class ShardRegistry {
 public:
  // `directory` holds the database, or will.
  static Result<ShardRegistry> open(const std::string& directory);

  // kNotFound: not registered. kCorrupt: its record cannot be read. The message
  // does not name the key; the caller does.
  Result<ShardInfo> get(const ShardKey& key) const;

  // Whether there is a record, readable or not. Segments are there as long as
  // their aggregate is, and their records go with its own.
  Result<bool> contains(const ShardKey& key) const;

  // Adds records, and the folders that pieces are read from, durably and all or
  // none. The caller has made sure that the keys are free.
  Status add(const std::vector<ShardInfo>& shards,
             const std::vector<std::string>& backing_folders);

  Status put(const ShardInfo& info, Sync sync);

  // Both are durable and note a change of the shard's content, which lives
  // until it is forgotten: whoever keeps what follows from content works the
  // changes off, also those of a process that died.
  Status put_indexed(const ShardInfo& info);
  Status remove(const ShardKey& key);

  struct Change {
    ShardKey key;
    std::string row;  // Its own, so that a later change is not forgotten too.
  };
  // At most `max` of those noted so far, from the first one behind the row
  // `after` (empty: from the start). Several may concern one shard.
  Result<std::vector<Change>> changes(std::string_view after,
                                      std::size_t max) const;
  Status note_change(const ShardKey& key);
  // Not synced: to work a change off twice does no harm.
  Status forget(const Change& change);

  // Visits shards in key order from the first key greater than `after`, until
  // `visit` answers false. One whose record cannot be read is shown as Errored
  // with that reason. kCorrupt at the end: some lie in a part of the database
  // that cannot be read and were stepped over.
  using ShardVisitor = std::function<bool(ShardInfo&&)>;
  Status for_each(std::string_view after, const ShardVisitor& visit) const;

  // The same with keys alone.
  using KeyVisitor = std::function<bool(std::string_view key)>;
  Status for_each_key(std::string_view after, const KeyVisitor& visit) const;

  // The same with the segments that something is known of.
  Status for_each_segment(std::string_view after,
                          const KeyVisitor& visit) const;

  // Every folder add() was ever given, each once.
  Result<std::vector<std::string>> backing_folders() const;

 private:
  explicit ShardRegistry(LevelDb db) : db_(std::move(db)) {}

  Result<ShardInfo> get_segment(const ShardKey& key,
                                const ShardKey::Segment& segment) const;

  LevelDb db_;
};

}  // namespace dagfs::dagstore
