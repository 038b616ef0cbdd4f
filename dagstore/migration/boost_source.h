// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dagstore/level_db.h"
#include "dagstore/migration/lotus_source.h"

namespace dagfs::dagstore {

// The repo of Boost: the deals in its boost.db, those it took over from Lotus,
// and then the pieces in its local index directory.
class BoostSource final : public DealSource {
 public:
  // As LotusSource::open. kNotFound: it has no boost.db.
  static Result<std::unique_ptr<BoostSource>> open(const std::string& folder,
                                                   const std::string& work);

  Status for_each(const DealVisitor& visit) override;

 private:
  explicit BoostSource(std::string deals) : deals_(std::move(deals)) {}

  Status for_each_indexed_piece(const DealVisitor& visit) const;

  const std::string deals_;  // Path of the copy of boost.db.
  std::unique_ptr<LotusSource> legacy_;
  std::optional<LevelDb> piece_directory_;
};

// A piece from its metadata in the local index directory.
FoundDeal deal_from_piece_metadata(std::string_view piece_cid,
                                   std::string_view json);

}  // namespace dagfs::dagstore
