// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/lotus_mount.h"

#include <fmt/core.h>

#include "mount/piece/piece_cid.h"

namespace dagfs::mount {
namespace {

constexpr std::string_view kLotusScheme = "lotus://";

// The reasons of several copies, one after the other.
void add_reason(std::string_view reason, std::string* reasons) {
  if (!reasons->empty()) *reasons += "; ";
  *reasons += reason;
}

std::string not_found(const SectorId& sector, const UnsealedCopies& searched) {
  std::string reason = fmt::format("no unsealed {} in any of {} storage paths",
                                   sector.name(), searched.folders_searched);
  if (!searched.trouble.empty()) {
    reason += fmt::format(" ({})", searched.trouble);
  }
  return reason;
}

}  // namespace

Result<std::unique_ptr<Mount>> LotusMount::from_url(
    std::string_view url, std::shared_ptr<const PieceTable> table) {
  if (!url.starts_with(kLotusScheme)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: not a lotus URL", url));
  }
  // Other people's records end with a slash or not.
  std::string_view text = url.substr(kLotusScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto cid = car::Cid::parse(text);
  if (!cid.ok()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: {}", url, cid.error().message()));
  }
  car::Cid piece = DAGFS_TRY_CONTEXT(to_piece_cid_v1(*cid), url);
  return std::unique_ptr<Mount>(
      new LotusMount(std::string(url), std::move(piece), std::move(table)));
}

MountRegistry::Factory LotusMount::factory(
    std::shared_ptr<const PieceTable> table) {
  return [table = std::move(table)](std::string_view url) {
    return from_url(url, table);
  };
}

Result<std::unique_ptr<RandomAccessFile>> LotusMount::open() const {
  return std::unique_ptr<RandomAccessFile>(DAGFS_TRY(open_copy()));
}

Result<FileStamp> LotusMount::stamp() const {
  const auto piece = DAGFS_TRY(open_copy());
  return piece->stamp();
}

PieceShape LotusMount::shape() const {
  PieceShape shape{.is_whole_piece = true};
  const auto copies = table_->find(piece_);
  if (!copies.ok()) return shape;
  for (const PieceCopy& copy : *copies) {
    if (copy.payload) shape.car_size = copy.payload->bytes();
    if (copy.payload) break;
  }
  return shape;
}

Result<std::unique_ptr<SectorPiece>> LotusMount::open_copy() const {
  const auto copies = DAGFS_TRY_CONTEXT(table_->find(piece_), "piece table");
  const auto configs =
      DAGFS_TRY_CONTEXT(table_->storage_configs(), "piece table");
  std::string reasons;
  for (const PieceCopy& copy : copies) {
    const UnsealedCopies found = find_unsealed_copies(configs, copy.sector);
    if (found.files.empty()) {
      add_reason(not_found(copy.sector, found), &reasons);
    }
    for (const std::string& file : found.files) {
      auto piece = SectorPiece::open(file, copy.place);
      if (piece.ok()) return piece;
      add_reason(piece.error().message(), &reasons);
    }
  }
  if (copies.empty()) reasons = "no storage deals are known for it";
  return Error(ErrorCode::kUnavailable,
               fmt::format("piece {} has no unsealed copy here: {}",
                           piece_.to_string(), reasons));
}

}  // namespace dagfs::mount
