// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/car_index.h"
#include "dagstore/level_db.h"
#include "dagstore/shard_key.h"

namespace dagfs::dagstore {

// Which shards hold a block, by its multihash: docs/formats/inverted_index.md.
// Exact for the shards that are in, each with what one index of its piece
// lists. Identity multihashes have no entries: their blocks are in the CIDs.
//
// Safe for use from many threads at once, but for add(), drop() and restart():
// one of them at a time. All that is here can be made again from the indices of
// the shards, so a database that cannot be opened is replaced by an empty one.
class InvertedIndex {
 public:
  // `folder` holds the database, or will. kIo.
  static Result<std::unique_ptr<InvertedIndex>> open(const std::string& folder);

  // The shards that hold `multihash`, at most `max`. kIo, kCorrupt.
  Result<std::vector<ShardKey>> find(const car::Multihash& multihash,
                                     std::size_t max) const;

  // What an index file lists. Its checksum tells it from the others of the
  // same shard; it must not hold a blank.
  struct Content {
    std::string_view checksum;
    const car::CarIndex& index;
  };

  // What is known of one shard.
  struct Member {
    std::string key;
    std::string checksum;  // Of its content.
    bool is_complete = false;
  };
  // nullopt: nothing.
  Result<std::optional<Member>> member(const ShardKey& key) const;
  // Visits all in no order, until `visit` answers false.
  using MemberVisitor = std::function<bool(const Member&)>;
  Status for_each_member(const MemberVisitor& visit) const;

  // Makes `content` what is known of `key`: what was known before is not found
  // from the first moment on, and what is new not before all of it is in. A
  // crash or an error in between leaves the shard out, until it is added again.
  // kUnavailable: `cancelled` was set. kIo, kCorrupt.
  Status add(const ShardKey& key, const Content& content,
             const std::atomic<bool>& cancelled);

  // Takes out what is known of `key`, if anything is. It is not found any more
  // at once; the entries themselves go if `old` is what was added, or else with
  // the next sweep(). kUnavailable, kIo.
  Status drop(const ShardKey& key, const Content* old,
              const std::atomic<bool>& cancelled);

  // Removes entries that belong to no shard any more, reading all there are.
  // With `dry_run` they are only counted.
  enum class SweepMode : std::uint8_t { kDryRun, kRemove };
  struct SweepReport {
    std::uint64_t entries = 0;   // That were read.
    std::uint64_t orphans = 0;   // Of them, what belongs to no shard.
    std::uint64_t contents = 0;  // Shards, or contents of them, they were of.
  };
  Result<SweepReport> sweep(SweepMode mode, const std::atomic<bool>& cancelled);

  // Throws away everything. Look-ups that are under way may fail with kIo.
  Status restart();

  // How far the registry was searched for shards that are not in, as its
  // searcher put it; empty in a new database.
  Result<std::string> progress() const;
  Status set_progress(std::string_view progress);

 private:
  struct Database;
  struct Numbers;
  using DatabasePtr = std::shared_ptr<Database>;

  InvertedIndex(std::string folder, DatabasePtr database)
      : folder_(std::move(folder)), database_(std::move(database)) {}

  static Result<DatabasePtr> open_database(const std::string& folder,
                                           std::uint64_t generation);

  static Result<Numbers> read_numbers(const LevelDb& db);

  DatabasePtr database() const;

  const std::string folder_;
  mutable Mutex mutex_;
  DatabasePtr database_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::dagstore
