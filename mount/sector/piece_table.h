// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "mount/sector/sector_piece.h"
#include "mount/sector/storage_paths.h"

namespace dagfs::mount {

// One place where a piece was put.
struct PieceCopy {
  SectorId sector;
  SectorPiece::Place place;
  std::optional<UnpaddedSize> payload;  // Of the CAR, if known.

  friend bool operator==(const PieceCopy& a, const PieceCopy& b) {
    return a.sector == b.sector && a.place.offset == b.place.offset &&
           a.place.size == b.place.size && a.payload == b.payload;
  }
};

struct PieceRecord {
  car::Cid piece;  // Of either version.
  PieceCopy copy;
};

// Which pieces a storage provider has, and where. Safe for use from many
// threads at once.
class PieceTable {
 public:
  PieceTable() = default;
  PieceTable(const PieceTable&) = delete;
  PieceTable& operator=(const PieceTable&) = delete;
  virtual ~PieceTable() = default;

  // Where the piece lies, the best first; none: it is not known. `piece` is of
  // version 1. kCorrupt, kIo.
  virtual Result<std::vector<PieceCopy>> find(const car::Cid& piece) const = 0;

  // The storage.json files of the repos that the copies are in. kIo.
  virtual Result<std::vector<std::string>> storage_configs() const = 0;
};

}  // namespace dagfs::mount
