// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "mount/mount.h"
#include "mount/sector/sector_url.h"

namespace dagfs::mount {

// A piece where it lies in a sector's unsealed copy. Read permission is enough;
// nothing is copied and nothing is ever unsealed.
class SectorMount final : public Mount {
 public:
  // What MountRegistry::add("sector", ...) wants. kInvalidArgument: as
  // parse_sector_url.
  static Result<std::unique_ptr<Mount>> from_url(std::string_view url);

  // Errors as SectorPiece::open; the stamp is found out by opening, since only
  // the trailer says whether the piece is there.
  std::string url() const override { return url_; }
  Result<std::unique_ptr<RandomAccessFile>> open() const override;
  Result<FileStamp> stamp() const override;
  PieceShape shape() const override;
  std::string backing_folder() const override;

 private:
  SectorMount(std::string url, SectorUrl parts)
      : url_(std::move(url)), parts_(std::move(parts)) {}

  const std::string url_;
  const SectorUrl parts_;
};

}  // namespace dagfs::mount
