// SPDX-License-Identifier: Apache-2.0 OR MIT

// The piece table of a repo: docs/formats/registry.md has its rows.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/mutex.h"
#include "dagstore/level_db.h"
#include "mount/sector/piece_table.h"

namespace dagfs::dagstore {

// Opened by its first use, which must not be before the repo's lock is held and
// not after it was given back. Safe for use from many threads at once.
class PieceDatabase final : public mount::PieceTable {
 public:
  // `folder` is made when there is something to put into it.
  explicit PieceDatabase(std::string folder) : folder_(std::move(folder)) {}

  Result<std::vector<mount::PieceCopy>> find(
      const car::Cid& piece) const override;
  Result<std::vector<std::string>> storage_configs() const override;

  // Adds copies behind those that are known of the same pieces; the same place
  // twice counts once, and what is new about it replaces what was known.
  // Durable when it returns. kInvalidArgument: not the CID of a piece. kIo.
  Status add(const std::vector<mount::PieceRecord>& records);

  // Adds a storage.json to look into, by its absolute path. kInvalidArgument,
  // kIo.
  Status add_storage_config(const std::string& path);

 private:
  enum class Missing : std::uint8_t { kIsEmpty, kIsMade };

  // Null: there is none yet, and it shall not be made.
  Result<LevelDb*> database(Missing missing) const;

  const std::string folder_;
  // Held from the reading of rows to the writing of what became of them.
  Mutex adding_mutex_;
  // Held while the database is opened, which everybody would wait for.
  mutable Mutex mutex_;
  // Never closed once it is open, so that it is used without the lock.
  mutable std::optional<LevelDb> database_ DAGFS_GUARDED_BY(mutex_);
};

// A row's value. kCorrupt: not one, or a place where no piece can be.
std::string encode_piece_copies(const std::vector<mount::PieceCopy>& copies);
Result<std::vector<mount::PieceCopy>> decode_piece_copies(
    std::string_view value);

}  // namespace dagfs::dagstore
