// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <string>

#include "car/base/file.h"
#include "mount/piece/piece_size.h"
#include "mount/sector/unsealed_file.h"

namespace dagfs::mount {

// A piece inside an unsealed file, unpadded while it is read, to its end: the
// zeros behind its payload are part of it. Readers share nothing.
//
// Once somebody writes to the file, or makes a hole in it, reads are refused:
// what is not there any more would read as zeros.
class SectorPiece final : public RandomAccessFile {
 public:
  // Where a piece lies. Its size must be that of a piece.
  struct Place {
    PaddedOffset offset;
    PieceSize size;
  };

  // kUnavailable: there is no such file, or the piece is not unsealed in it.
  // kInvalidArgument: not a regular file, or the piece ends past the sector's
  // end. kCorrupt: as UnsealedFile::open. kIo.
  static Result<std::unique_ptr<SectorPiece>> open(const std::string& path,
                                                   const Place& place);

  std::uint64_t size() const override { return size_.unpadded().bytes(); }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override;
  // The file's, with the size of this piece.
  Result<FileStamp> stamp() const override;

 private:
  SectorPiece(UnsealedFile sector, const Place& place)
      : file_(std::move(sector.file)),
        sector_stamp_(sector.stamp),
        begin_(place.offset),
        size_(place.size) {}

  Status read_part(UnpaddedOffset offset, std::span<std::byte> out) const;

  const std::unique_ptr<PosixFile> file_;
  const FileStamp sector_stamp_;
  const PaddedOffset begin_;
  const PieceSize size_;
};

}  // namespace dagfs::mount
