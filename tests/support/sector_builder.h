// SPDX-License-Identifier: Apache-2.0 OR MIT

// Unsealed files of sectors, made as a storage provider's software does.

#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "car/base/bytes.h"
#include "mount/piece/piece_size.h"
#include "mount/sector/rle_plus.h"
#include "mount/sector/sector_piece.h"

namespace dagfs::tests {

// The one canonical encoding of `runs`, which ascend and do not touch.
Bytes encode_rle_plus(const std::vector<mount::NumberRun>& runs);

// What follows the sector's bytes where `runs` are allocated.
Bytes sector_trailer(const std::vector<mount::NumberRun>& runs);

// Of a stretch of a sector.
mount::NumberRun run_of(const mount::SectorPiece::Place& place);

class SectorBuilder {
 public:
  using Place = mount::SectorPiece::Place;

  explicit SectorBuilder(std::uint64_t padded_size) : padded_(padded_size) {}

  // Pads `payload` into the smallest piece that holds it, or into one with
  // `padded_size` bytes; each piece begins at a multiple of its own size.
  Place add(ByteView payload);
  Place add(ByteView payload, std::uint64_t padded_size);

  // Everything is allocated, unless these were called.
  SectorBuilder& allocate(std::vector<mount::NumberRun> runs);
  SectorBuilder& without_trailer();

  // The padded bytes of the sector, without a trailer.
  const Bytes& data() const { return padded_; }
  // The whole file.
  Bytes bytes() const;
  void write(const std::string& path) const;

 private:
  Bytes padded_;
  std::uint64_t used_ = 0;
  std::vector<mount::NumberRun> runs_;
  bool is_full_ = true;
  bool has_trailer_ = true;
};

// The payload of an aggregate piece of `padded_size` bytes: `segments`, each in
// the smallest piece that holds it, and their index.
Bytes aggregate_of(const std::vector<Bytes>& segments,
                   std::uint64_t padded_size);

// Replaces what follows the first `sector_size` bytes of the file at `path`.
void rewrite_trailer(const std::string& path, std::uint64_t sector_size,
                     ByteView trailer);

}  // namespace dagfs::tests
