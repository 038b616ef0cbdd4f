// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "car/base/mutex.h"
#include "dagstore/dagstore.h"
#include "dagstore/index_repo.h"
#include "dagstore/inverted_builder.h"
#include "dagstore/inverted_index.h"
#include "dagstore/piece_database.h"
#include "dagstore/repo.h"
#include "dagstore/shard_opener.h"
#include "dagstore/shard_registry.h"
#include "dagstore/shard_table.h"

namespace dagfs::dagstore {

// The dagstore in a repo folder of this machine.
class LocalDagstore final : public Dagstore {
 public:
  // What lies in the repo.
  struct Databases {
    ShardRegistry registry;
    std::unique_ptr<InvertedIndex> inverted;
  };

  LocalDagstore(Repo repo, Databases databases, mount::MountRegistry mounts,
                const DagstoreOptions& options);

  Status register_shards(const std::vector<Registration>& shards) override;
  Result<std::vector<Result<Outcome>>> register_each(
      const std::vector<Registration>& shards) override;
  Result<ShardInfo> info(const ShardKey& key) const override;
  Status for_each(std::string_view after,
                  const ShardVisitor& visit) const override;
  Status for_each_key(std::string_view after,
                      const KeyVisitor& visit) const override;
  Result<ShardLease> acquire(const ShardKey& key) override;
  Result<std::shared_ptr<const RandomAccessFile>> open_piece(
      const ShardKey& key) override;
  Result<FileStamp> piece_stamp(const ShardKey& key) override;
  Result<mount::PieceShape> piece_shape(const ShardKey& key) override;
  Result<std::vector<std::uint64_t>> segments(
      const ShardKey& key, const mount::SegmentEntries& entries) override;
  Status add_pieces(const std::vector<mount::PieceRecord>& pieces) override;
  Status add_storage_config(const std::string& path) override;
  Status destroy(const ShardKey& key) override;
  Result<std::vector<ShardKey>> find_shards(
      const car::Multihash& multihash) const override;
  bool wait_until_settled(std::chrono::milliseconds timeout) const override;
  Result<VerifyReport> verify(
      const ShardKey& key,
      const std::function<void(std::uint64_t)>& progress) override;
  Result<std::vector<std::string>> backing_folders() const override;
  void stop() override;
  const std::string& repo() const override { return repo_.folder(); }

 private:
  class Reservation;
  struct Batch;  // What one commit adds.

  Status require_free(const std::vector<Registration>& shards) const;
  Status prepare(const Registration& shard, Batch* batch) const;
  Result<Outcome> prepare_one(const Registration& shard,
                              Reservation* reservation, Batch* batch) const;
  std::optional<ShardInfo> live_info(std::string_view key) const;
  Result<std::shared_ptr<const mount::Mount>> mount_of(
      const ShardKey& key) const;

  // In this order: the repo's locks are given back after the database closed.
  const Repo repo_;
  ShardRegistry registry_;
  const IndexRepo indices_;
  const std::shared_ptr<PieceDatabase> pieces_;
  const mount::MountRegistry mounts_;
  const std::shared_ptr<ShardTable> table_;  // Shared with leases.
  const std::unique_ptr<InvertedIndex> inverted_;
  InvertedBuilder builder_;
  ShardOpener opener_;

  Mutex registering_mutex_;
  // Keys between the check that they are free and their registration.
  std::unordered_set<std::string> registering_
      DAGFS_GUARDED_BY(registering_mutex_);
};

}  // namespace dagfs::dagstore
