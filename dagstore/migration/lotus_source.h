// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dagstore/level_db.h"
#include "dagstore/migration/found_deal.h"
#include "dagstore/migration/miner_deal.h"

namespace dagfs::dagstore {

// The repo of a lotus-miner: its deals, each joined with where its piece lies,
// and then the shards of its own dagstore. Boost has the same for older deals.
class LotusSource final : public DealSource {
 public:
  // Copies the databases of the repo `folder` into the folder `work`, which
  // outlives the source. kNotFound: it has no database of deals. kCorrupt, kIo,
  // kNoSpace, kUnavailable.
  static Result<std::unique_ptr<LotusSource>> open(const std::string& folder,
                                                   const std::string& work);

  Status for_each(const DealVisitor& visit) override;

 private:
  LotusSource(LevelDb metadata, std::optional<LevelDb> shards)
      : metadata_(std::move(metadata)), shards_(std::move(shards)) {}

  Status read_miner();
  Result<std::string> deals_prefix() const;
  Status for_each_deal(const DealVisitor& visit) const;
  Status for_each_shard(const DealVisitor& visit) const;
  FoundDeal deal_from(std::string_view id, std::string_view record) const;
  FoundDeal shard_from(std::string_view record) const;
  // Where the piece lies; what `deal` says of it first, if there is a deal.
  Result<std::vector<mount::PieceCopy>> copies_of(const car::Cid& piece,
                                                  const MinerDeal* deal) const;

  LevelDb metadata_;
  std::optional<LevelDb> shards_;
  std::optional<std::uint64_t> miner_;  // Of the repo.
};

}  // namespace dagfs::dagstore
