// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/sector_mount.h"

#include "mount/file_url.h"

namespace dagfs::mount {

Result<std::unique_ptr<Mount>> SectorMount::from_url(std::string_view url) {
  SectorUrl parts = DAGFS_TRY(parse_sector_url(url));
  return std::unique_ptr<Mount>(
      new SectorMount(std::string(url), std::move(parts)));
}

Result<std::unique_ptr<RandomAccessFile>> SectorMount::open() const {
  return std::unique_ptr<RandomAccessFile>(
      DAGFS_TRY(SectorPiece::open(parts_.path, parts_.place)));
}

Result<FileStamp> SectorMount::stamp() const {
  const auto piece = DAGFS_TRY(SectorPiece::open(parts_.path, parts_.place));
  return piece->stamp();
}

PieceShape SectorMount::shape() const {
  PieceShape shape{.is_whole_piece = true};
  if (parts_.payload) shape.car_size = parts_.payload->bytes();
  return shape;
}

std::string SectorMount::backing_folder() const {
  return folder_of(parts_.path);
}

}  // namespace dagfs::mount
