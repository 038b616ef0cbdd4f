// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dagstore/dagstore.h"
#include "dagstore/level_db.h"
#include "dagstore/migration/found_deal.h"

namespace dagfs::dagstore {

enum class MigrationOutcome : std::uint8_t {
  kRegistered,  // Or would be, where nothing shall be written.
  kKnown,       // There is such a shard already.
  kInactive,    // Its piece is not with the provider (any more).
  kDamaged,     // Its record cannot be read.
  kFailed,      // It could not be registered.
};
std::string_view to_string(MigrationOutcome outcome);

// What became of a deal.
struct MigrationItem {
  std::string id;
  std::string piece;  // Its CID; empty where there is none.
  std::string url;    // It is, or would be, registered under; else empty.
  MigrationOutcome outcome = MigrationOutcome::kKnown;
  std::string why;
};

struct MigrationCounts {
  std::uint64_t records = 0;  // All that were looked at.
  std::uint64_t registered = 0;
  std::uint64_t known = 0;
  std::uint64_t inactive = 0;
  std::uint64_t damaged = 0;
  std::uint64_t failed = 0;

  friend bool operator==(const MigrationCounts&,
                         const MigrationCounts&) = default;
};

// Either may be empty. Called on the thread that migrates.
struct MigrationObserver {
  // Of every record that was not registered, and of those that would be.
  std::function<void(const MigrationItem&)> item;
  std::function<void(std::uint64_t records)> progress;
};

// Registers deals as shards, in batches. One thread at a time.
class Migrator {
 public:
  struct Options {
    bool is_dry_run = false;  // Nothing is written to the dagstore.
    std::string work;         // Folder for what a dry run has to remember.
  };

  // `store` and `observer` outlive it.
  static Result<std::unique_ptr<Migrator>> create(
      Dagstore* store, const Options& options,
      const MigrationObserver* observer);

  // kIo: the dagstore cannot be written; everything before may be lost with it.
  Status take(FoundDeal&& deal);
  // After the last one. Errors as take().
  Status finish();

  const MigrationCounts& counts() const { return counts_; }

 private:
  struct Pending {
    std::string id;
    Dagstore::Registration registration;
  };

  Migrator(Dagstore* store, const MigrationObserver* observer)
      : store_(store), observer_(observer) {}

  Result<bool> is_known(const ShardKey& key);
  Status queue(FoundDeal&& deal);
  void note(MigrationItem&& item);
  Status write_batch();
  void register_one(const Pending& pending);

  Dagstore* const store_;
  const MigrationObserver* const observer_;
  std::optional<LevelDb> seen_;  // Keys, in a dry run.
  MigrationCounts counts_;
  // Of the batch.
  std::vector<Pending> pending_;
  std::unordered_set<std::string> pending_keys_;
  std::vector<mount::PieceRecord> places_;
};

}  // namespace dagfs::dagstore
