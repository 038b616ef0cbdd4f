// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/lotus_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "dagstore/migration/database_copy.h"
#include "mount/piece/piece_cid.h"

namespace dagfs::dagstore {
namespace {

constexpr std::string_view kDeals = "/deals/provider/";
constexpr std::string_view kDealsVersion = "/deals/provider/versions/current";
constexpr std::string_view kPieces = "/storagemarket/pieces/1/";
constexpr std::string_view kMinerAddress = "/miner-address";
constexpr std::string_view kShards = "/dagstore/";
constexpr std::string_view kLotusScheme = "lotus://";

// What a database may hold beside deals under the same prefix.
bool is_deal_key(std::string_view id) {
  return id.find('/') == std::string_view::npos && id != "latest-ask";
}

std::string json_text(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

// Hands `visit` what `make` makes of each row; ends with its first Error.
Status visit_rows(
    const LevelDb& database, std::string_view prefix,
    const std::function<Status(std::string_view, std::string_view)>& visit) {
  Status outcome = ok_status();
  const Status walk =
      database.for_each(prefix, {}, [&](std::string_view key, auto value) {
        outcome = visit(key.substr(prefix.size()), value);
        return outcome.ok();
      });
  return outcome.ok() ? walk : outcome;
}

}  // namespace

Result<std::unique_ptr<LotusSource>> LotusSource::open(
    const std::string& folder, const std::string& work) {
  const std::string metadata_copy = work + "/metadata";
  DAGFS_TRY(copy_level_db(folder + "/datastore/metadata", metadata_copy));
  LevelDb metadata = DAGFS_TRY(LevelDb::open(metadata_copy));

  std::optional<LevelDb> shards;
  const std::string shards_copy = work + "/dagstore";
  const Status copied =
      copy_level_db(folder + "/dagstore/datastore", shards_copy);
  const bool is_absent =
      !copied.ok() && copied.error().code() == ErrorCode::kNotFound;
  if (!copied.ok() && !is_absent) return copied.error();
  if (copied.ok()) shards.emplace(DAGFS_TRY(LevelDb::open(shards_copy)));

  std::unique_ptr<LotusSource> source(
      new LotusSource(std::move(metadata), std::move(shards)));
  DAGFS_TRY(source->read_miner());
  return source;
}

Status LotusSource::read_miner() {
  const auto address = DAGFS_TRY(metadata_.get(kMinerAddress));
  if (address) miner_ = actor_from_address(as_bytes(*address));
  return ok_status();
}

Status LotusSource::for_each(const DealVisitor& visit) {
  DAGFS_TRY(for_each_deal(visit));
  return for_each_shard(visit);
}

Result<std::string> LotusSource::deals_prefix() const {
  const auto version = DAGFS_TRY(metadata_.get(kDealsVersion));
  std::string prefix(kDeals);
  if (version) prefix.append(*version).append("/");
  return prefix;
}

Status LotusSource::for_each_deal(const DealVisitor& visit) const {
  const std::string prefix = DAGFS_TRY(deals_prefix());
  return visit_rows(metadata_, prefix,
                    [&](std::string_view id, std::string_view record) {
                      if (!is_deal_key(id)) return ok_status();
                      return visit(deal_from(id, record));
                    });
}

Status LotusSource::for_each_shard(const DealVisitor& visit) const {
  if (!shards_) return ok_status();
  return visit_rows(*shards_, kShards,
                    [&](std::string_view, std::string_view record) {
                      return visit(shard_from(record));
                    });
}

FoundDeal LotusSource::deal_from(std::string_view id,
                                 std::string_view record) const {
  FoundDeal found;
  found.id = id;
  const auto deal = decode_miner_deal(as_bytes(record));
  if (!deal.ok()) {
    found.problem = deal.error().message();
    return found;
  }
  found.piece = deal->piece;
  if (!is_active_deal(deal->state)) {
    found.inactive = deal_state_name(deal->state);
    return found;
  }
  found.piece_size = deal->piece_size;
  found.inbound_car = deal->inbound_car;
  auto copies = copies_of(deal->piece, &*deal);
  if (copies.ok()) {
    found.copies = std::move(copies).value();
  } else {
    found.problem = copies.error().message();
  }
  return found;
}

FoundDeal LotusSource::shard_from(std::string_view record) const {
  FoundDeal found;
  found.kind = FoundDeal::Kind::kPiece;
  const auto json = nlohmann::json::parse(record, nullptr, false);
  if (!json.is_object()) {
    found.problem = "a shard's record is no JSON";
    return found;
  }
  found.id = json_text(json, "k");
  const std::string url = json_text(json, "u");
  if (!url.starts_with(kLotusScheme)) {
    found.inactive = "a shard whose piece is at " + url;
    return found;
  }
  const auto cid = car::Cid::parse(url.substr(kLotusScheme.size()));
  auto piece = cid.ok() ? mount::to_piece_cid_v1(*cid) : cid;
  if (!piece.ok()) {
    found.problem = piece.error().message();
    return found;
  }
  found.piece = std::move(piece).value();
  auto copies = copies_of(*found.piece, nullptr);
  if (copies.ok()) {
    found.copies = std::move(copies).value();
  } else {
    found.problem = copies.error().message();
  }
  return found;
}

Result<std::vector<mount::PieceCopy>> LotusSource::copies_of(
    const car::Cid& piece, const MinerDeal* deal) const {
  std::vector<mount::PieceCopy> copies;
  const auto row =
      DAGFS_TRY(metadata_.get(std::string(kPieces) + piece.to_string()));
  // A deal that is not sealed yet has no place.
  if (!row) return copies;
  PieceInfo info = DAGFS_TRY_CONTEXT(decode_piece_info(as_bytes(*row)),
                                     "places of its piece");
  const auto miner = deal != nullptr && deal->miner ? deal->miner : miner_;
  if (!miner) {
    return Error(ErrorCode::kCorrupt, "nothing says which miner has its piece");
  }
  std::stable_partition(
      info.places.begin(), info.places.end(), [&](const DealPlace& place) {
        return deal != nullptr && place.deal_id == deal->deal_id;
      });
  for (const DealPlace& place : info.places) {
    copies.push_back(
        DAGFS_TRY(copy_at({.miner = *miner, .number = place.sector},
                          place.offset, place.length)));
  }
  return copies;
}

}  // namespace dagfs::dagstore
