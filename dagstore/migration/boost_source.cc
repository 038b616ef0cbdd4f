// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/boost_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "dagstore/migration/database_copy.h"
#include "dagstore/migration/sqlite_table.h"
#include "mount/piece/piece_cid.h"

namespace dagfs::dagstore {
namespace {

// Places in the row, and names of the columns.
struct Column {
  enum Number : std::size_t {
    kId,
    kPieceCid,
    kPieceSize,
    kProvider,
    kInboundPath,
    kChainDealId,
    kInboundSize,
    kSector,
    kOffset,
    kLength,
    kCheckpoint,
    kError,
    kRetry,
    kCount,
  };
};
constexpr std::array<std::string_view, Column::kCount> kColumnNames = {
    "ID",
    "PieceCID",
    "PieceSize",
    "ProviderAddress",
    "InboundFilePath",
    "ChainDealID",
    "InboundFileSize",
    "SectorID",
    "Offset",
    "Length",
    "Checkpoint",
    "Error",
    "Retry"};

// From that on the piece is in a sector.
constexpr std::array<std::string_view, 3> kActiveCheckpoints = {
    "AddedPiece", "IndexedAndAnnounced", "Complete"};

// LevelDB's keys of the directory begin with their kind as a varint in a
// buffer of ten bytes.
constexpr std::string_view kPieceMetadata("/\x01\0\0\0\0\0\0\0\0\0/", 12);

std::string row_text(const SqliteRow& row, Column::Number column) {
  return row[column].value_or(std::string());
}

// 0 where there is none.
std::uint64_t row_number(const SqliteRow& row, Column::Number column) {
  const std::string text = row_text(row, column);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<car::Cid> piece_from_text(std::string_view text) {
  const car::Cid cid = DAGFS_TRY(car::Cid::parse(text));
  return mount::to_piece_cid_v1(cid);
}

// Empty: it is active.
std::string why_inactive(const SqliteRow& row, std::string_view table) {
  const std::string checkpoint = row_text(row, Column::kCheckpoint);
  if (std::ranges::find(kActiveCheckpoints, checkpoint) ==
      kActiveCheckpoints.end()) {
    return "checkpoint " + checkpoint;
  }
  if (!row_text(row, Column::kError).empty() &&
      row_text(row, Column::kRetry) == "fatal") {
    return "failed: " + row_text(row, Column::kError);
  }
  const bool has_chain_id =
      table != "Deals" || row_number(row, Column::kChainDealId) != 0;
  return has_chain_id ? std::string() : "not on the chain";
}

Result<mount::PieceCopy> copy_from(const SqliteRow& row) {
  const auto miner = actor_from_text(row_text(row, Column::kProvider));
  if (!miner) {
    return Error(ErrorCode::kCorrupt, row_text(row, Column::kProvider) +
                                          " is not the address of a miner");
  }
  mount::PieceCopy copy = DAGFS_TRY(copy_at(
      {.miner = *miner, .number = row_number(row, Column::kSector)},
      row_number(row, Column::kOffset), row_number(row, Column::kLength)));
  const mount::UnpaddedSize payload(row_number(row, Column::kInboundSize));
  if (payload.bytes() > 0 && payload <= copy.place.size.unpadded()) {
    copy.payload = payload;
  }
  return copy;
}

Status read_row(const SqliteRow& row, FoundDeal* found) {
  found->piece = DAGFS_TRY(piece_from_text(row_text(row, Column::kPieceCid)));
  found->piece_size = DAGFS_TRY(mount::PieceSize::from_padded(
      mount::PaddedSize(row_number(row, Column::kPieceSize))));
  found->inbound_car = row_text(row, Column::kInboundPath);
  found->copies.push_back(DAGFS_TRY(copy_from(row)));
  return ok_status();
}

FoundDeal deal_from_row(const SqliteRow& row, std::string_view table) {
  FoundDeal found;
  found.id = row_text(row, Column::kId);
  found.inactive = why_inactive(row, table);
  if (!found.inactive.empty()) return found;
  const Status read = read_row(row, &found);
  if (!read.ok()) found.problem = read.error().message();
  return found;
}

std::uint64_t json_number(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_unsigned()) return 0;
  return found->get<std::uint64_t>();
}

Result<mount::PieceCopy> copy_from_metadata(const nlohmann::json& deal) {
  const auto address = deal.find("m");
  const bool is_named = address != deal.end() && address->is_string();
  const auto miner =
      is_named ? actor_from_text(address->get<std::string>()) : std::nullopt;
  if (!miner) {
    return Error(ErrorCode::kCorrupt, "a deal of the piece names no miner");
  }
  mount::PieceCopy copy =
      DAGFS_TRY(copy_at({.miner = *miner, .number = json_number(deal, "s")},
                        json_number(deal, "o"), json_number(deal, "l")));
  const mount::UnpaddedSize payload(json_number(deal, "c"));
  if (payload.bytes() > 0 && payload <= copy.place.size.unpadded()) {
    copy.payload = payload;
  }
  return copy;
}

Status read_metadata(std::string_view piece_cid, std::string_view text,
                     FoundDeal* found) {
  found->piece = DAGFS_TRY(piece_from_text(piece_cid));
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return Error(ErrorCode::kCorrupt, "metadata of a piece is no JSON");
  }
  const auto deals = json.find("d");
  if (deals == json.end() || !deals->is_array()) return ok_status();
  for (const nlohmann::json& deal : *deals) {
    found->copies.push_back(DAGFS_TRY(copy_from_metadata(deal)));
  }
  return ok_status();
}

}  // namespace

FoundDeal deal_from_piece_metadata(std::string_view piece_cid,
                                   std::string_view json) {
  FoundDeal found;
  found.kind = FoundDeal::Kind::kPiece;
  found.id = piece_cid;
  const Status read = read_metadata(piece_cid, json, &found);
  if (!read.ok()) found.problem = read.error().message();
  if (read.ok() && found.copies.empty()) found.inactive = "in no deal";
  return found;
}

Result<std::unique_ptr<BoostSource>> BoostSource::open(
    const std::string& folder, const std::string& work) {
  const std::string deals = work + "/boost.db";
  DAGFS_TRY(copy_sqlite(folder + "/boost.db", deals));
  std::unique_ptr<BoostSource> source(new BoostSource(deals));

  auto legacy = LotusSource::open(folder, work);
  if (legacy.ok()) {
    source->legacy_ = std::move(legacy).value();
  } else if (legacy.error().code() != ErrorCode::kNotFound) {
    return std::move(legacy).error();
  }

  const std::string directory = work + "/lid";
  const Status copied = copy_level_db(folder + "/lid/leveldb", directory);
  const bool is_absent =
      !copied.ok() && copied.error().code() == ErrorCode::kNotFound;
  if (!copied.ok() && !is_absent) return copied.error();
  if (copied.ok()) {
    source->piece_directory_.emplace(DAGFS_TRY(LevelDb::open(directory)));
  }
  return source;
}

Status BoostSource::for_each(const DealVisitor& visit) {
  for (const std::string_view table : {"Deals", "DirectDeals"}) {
    DAGFS_TRY(read_sqlite_table(deals_, table, kColumnNames,
                                [&](const SqliteRow& row) {
                                  return visit(deal_from_row(row, table));
                                }));
  }
  if (legacy_ != nullptr) DAGFS_TRY(legacy_->for_each(visit));
  return for_each_indexed_piece(visit);
}

Status BoostSource::for_each_indexed_piece(const DealVisitor& visit) const {
  if (!piece_directory_) return ok_status();
  Status outcome = ok_status();
  const Status walk = piece_directory_->for_each(
      kPieceMetadata, {}, [&](std::string_view key, std::string_view value) {
        outcome = visit(
            deal_from_piece_metadata(key.substr(kPieceMetadata.size()), value));
        return outcome.ok();
      });
  return outcome.ok() ? walk : outcome;
}

}  // namespace dagfs::dagstore
