// SPDX-License-Identifier: Apache-2.0 OR MIT

// The unsealed copy of a sector: its padded bytes, and a trailer that says
// which of them are there. docs/formats/sector.md

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "mount/piece/piece_size.h"

namespace dagfs::mount {

// A stretch of a sector.
struct SectorRange {
  PaddedOffset offset;
  PaddedSize size;

  friend bool operator==(const SectorRange&, const SectorRange&) = default;
};

// What an unsealed file says of itself.
class SectorTrailer {
 public:
  // kCorrupt: the size is not that of a sector with a trailer, or the trailer
  // contradicts the size, its own format or itself. Which may be because
  // somebody is writing it at this very moment.
  static Result<SectorTrailer> read(const RandomAccessFile& file);

  PaddedSize sector_size() const { return sector_size_; }

  // Whether every byte of `range` is there. What is not reads as zeros, or as
  // anything.
  bool is_allocated(const SectorRange& range) const;

 private:
  SectorTrailer(PaddedSize sector_size, Bytes runs, bool is_full)
      : sector_size_(sector_size), runs_(std::move(runs)), is_full_(is_full) {}

  Status check() const;

  PaddedSize sector_size_;
  Bytes runs_;  // RLE+, which check() found right.
  bool is_full_;
};

// An unsealed file that is open for reading.
struct UnsealedFile {
  std::unique_ptr<PosixFile> file;
  FileStamp stamp;  // When the trailer was read.
  SectorTrailer trailer;

  // Waits before a trailer that makes no sense is read again; `attempt` counts
  // from 0.
  using Pause = std::function<void(unsigned attempt)>;

  // Writers rewrite the trailer bit by bit, so that what makes no sense, or was
  // written to while it was read, is read again, up to six times and for up to
  // 63 ms in all.
  //
  // kNotFound: no such file. kInvalidArgument: not a regular file. kCorrupt: as
  // SectorTrailer::read. kIo.
  static Result<UnsealedFile> open(const std::string& path, const Pause& pause);
  static Result<UnsealedFile> open(const std::string& path);
};

}  // namespace dagfs::mount
