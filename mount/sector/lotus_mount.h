// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "mount/mount.h"
#include "mount/mount_registry.h"
#include "mount/sector/piece_table.h"

namespace dagfs::mount {

// lotus://PIECECID: a piece of which a table says in which sectors it is. Each
// time it is opened, all its copies are looked for in all storage paths, and
// the first one that is unsealed is read. Where there is none it says so:
// nothing is ever unsealed, and nobody waits.
class LotusMount final : public Mount {
 public:
  // `table` must outlive the mount. kInvalidArgument: not the CID of a piece.
  static Result<std::unique_ptr<Mount>> from_url(
      std::string_view url, std::shared_ptr<const PieceTable> table);

  // What MountRegistry::add("lotus", ...) wants.
  static MountRegistry::Factory factory(
      std::shared_ptr<const PieceTable> table);

  // kUnavailable, with what is wrong with each copy: none can be read now. kIo.
  std::string url() const override { return url_; }
  Result<std::unique_ptr<RandomAccessFile>> open() const override;
  Result<FileStamp> stamp() const override;
  PieceShape shape() const override;

 private:
  LotusMount(std::string url, car::Cid piece,
             std::shared_ptr<const PieceTable> table)
      : url_(std::move(url)),
        piece_(std::move(piece)),
        table_(std::move(table)) {}

  Result<std::unique_ptr<SectorPiece>> open_copy() const;

  const std::string url_;
  const car::Cid piece_;  // Version 1.
  const std::shared_ptr<const PieceTable> table_;
};

}  // namespace dagfs::mount
