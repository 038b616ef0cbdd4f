// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/piece_database.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "car/ipld/varint.h"
#include "mount/piece/piece_cid.h"

namespace dagfs::dagstore {
namespace {

using mount::PieceCopy;
using PieceCopies = std::vector<PieceCopy>;

constexpr std::string_view kPiecePrefix = "piece/";
constexpr std::string_view kConfigPrefix = "storage/";

// Of a row. Records are sealed into a handful of sectors; the bound keeps what
// a damaged row can ask for small.
constexpr std::size_t kCopiesMax = 1000;

Result<std::string> piece_row(const car::Cid& piece) {
  const car::Cid v1 = DAGFS_TRY(mount::to_piece_cid_v1(piece));
  return std::string(kPiecePrefix).append(as_text(v1.bytes()));
}

bool is_same_place(const PieceCopy& a, const PieceCopy& b) {
  return a.sector == b.sector && a.place.offset == b.place.offset &&
         a.place.size == b.place.size;
}

void merge_copy(const PieceCopy& copy, PieceCopies* copies) {
  const auto known = std::ranges::find_if(*copies, [&](const PieceCopy& other) {
    return is_same_place(copy, other);
  });
  if (known == copies->end()) {
    copies->push_back(copy);
  } else if (copy.payload) {
    known->payload = copy.payload;
  }
}

Result<PieceCopy> decode_copy(ByteView* rest) {
  PieceCopy copy;
  copy.sector.miner = DAGFS_TRY(car::read_varint(rest));
  copy.sector.number = DAGFS_TRY(car::read_varint(rest));
  const std::uint64_t offset = DAGFS_TRY(car::read_varint(rest));
  const std::uint64_t length = DAGFS_TRY(car::read_varint(rest));
  const std::uint64_t payload = DAGFS_TRY(car::read_varint(rest));
  const auto size = mount::PieceSize::from_padded(mount::PaddedSize(length));
  const bool is_place = size.ok() && offset % length == 0 &&
                        offset < mount::PieceSize::max().padded().bytes() &&
                        payload <= size->unpadded().bytes();
  if (!is_place) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("no piece of {} bytes, {} of them payload, begins "
                             "at {}",
                             length, payload, offset));
  }
  copy.place = {.offset = mount::PaddedOffset(offset), .size = *size};
  if (payload > 0) copy.payload = mount::UnpaddedSize(payload);
  return copy;
}

}  // namespace

std::string encode_piece_copies(const PieceCopies& copies) {
  Bytes value;
  for (const PieceCopy& copy : copies) {
    for (const std::uint64_t number :
         {copy.sector.miner, copy.sector.number, copy.place.offset.bytes(),
          copy.place.size.padded().bytes(),
          copy.payload.value_or(mount::UnpaddedSize()).bytes()}) {
      car::append_varint(number, &value);
    }
  }
  return std::string(as_text(value));
}

Result<PieceCopies> decode_piece_copies(std::string_view value) {
  PieceCopies copies;
  ByteView rest = as_bytes(value);
  while (!rest.empty()) {
    if (copies.size() == kCopiesMax) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("more than {} copies of a piece", kCopiesMax));
    }
    copies.push_back(DAGFS_TRY(decode_copy(&rest)));
  }
  return copies;
}

Result<LevelDb*> PieceDatabase::database(Missing missing) const {
  const MutexLock lock(mutex_);
  if (!database_) {
    std::error_code ignored;
    const bool is_there = std::filesystem::exists(folder_, ignored);
    if (!is_there && missing == Missing::kIsEmpty) {
      return static_cast<LevelDb*>(nullptr);
    }
    database_.emplace(DAGFS_TRY_CONTEXT(LevelDb::open(folder_), "piece table"));
  }
  return &*database_;
}

Result<PieceCopies> PieceDatabase::find(const car::Cid& piece) const {
  const std::string row = DAGFS_TRY(piece_row(piece));
  const LevelDb* const db = DAGFS_TRY(database(Missing::kIsEmpty));
  if (db == nullptr) return PieceCopies();
  const auto value = DAGFS_TRY(db->get(row));
  if (!value) return PieceCopies();
  return DAGFS_TRY_CONTEXT(decode_piece_copies(*value), piece.to_string());
}

Result<std::vector<std::string>> PieceDatabase::storage_configs() const {
  std::vector<std::string> configs;
  const LevelDb* const db = DAGFS_TRY(database(Missing::kIsEmpty));
  if (db == nullptr) return configs;
  DAGFS_TRY(db->for_each(kConfigPrefix, {}, [&](std::string_view key, auto) {
    configs.emplace_back(key.substr(kConfigPrefix.size()));
    return true;
  }));
  return configs;
}

Status PieceDatabase::add(const std::vector<mount::PieceRecord>& records) {
  const MutexLock lock(adding_mutex_);
  // Several records of one piece must see each other.
  struct Row {
    PieceCopies copies;
    std::string value;  // As it is stored.
  };
  std::map<std::string, Row> rows;
  LevelDb* const db = DAGFS_TRY(database(Missing::kIsMade));
  for (const mount::PieceRecord& record : records) {
    std::string row = DAGFS_TRY(piece_row(record.piece));
    auto known = rows.find(row);
    if (known == rows.end()) {
      PieceCopies copies = DAGFS_TRY(find(record.piece));
      std::string value = encode_piece_copies(copies);
      known =
          rows.emplace(std::move(row), Row{std::move(copies), std::move(value)})
              .first;
    }
    merge_copy(record.copy, &known->second.copies);
  }
  LevelDbBatch batch;
  bool is_changed = false;
  for (auto& [key, row] : rows) {
    if (row.copies.size() > kCopiesMax) row.copies.resize(kCopiesMax);
    const std::string value = encode_piece_copies(row.copies);
    if (value == row.value) continue;
    batch.put(key, value);
    is_changed = true;
  }
  if (!is_changed) return ok_status();
  return db->write(batch, Sync::kYes);
}

Status PieceDatabase::add_storage_config(const std::string& path) {
  if (!path.starts_with('/')) {
    return Error(ErrorCode::kInvalidArgument, path + ": not an absolute path");
  }
  LevelDb* const db = DAGFS_TRY(database(Missing::kIsMade));
  const std::string row = std::string(kConfigPrefix) + path;
  if (DAGFS_TRY(db->get(row))) return ok_status();
  LevelDbBatch batch;
  batch.put(row, {});
  return db->write(batch, Sync::kYes);
}

}  // namespace dagfs::dagstore
