// SPDX-License-Identifier: Apache-2.0 OR MIT

// URLs of pieces in unsealed files:
//
//   sector:///path/to/unsealed/s-t01000-7?offset=PADDED&length=PADDED
//
// and where the payload ends, if that is known: &payload=BYTES.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "car/base/result.h"
#include "mount/sector/sector_piece.h"

namespace dagfs::mount {

struct SectorUrl {
  std::string path;  // Absolute.
  SectorPiece::Place place;
  std::optional<UnpaddedSize> payload;
};

// kInvalidArgument: another scheme, a path that is not absolute or that
// path_from_file_url refuses, a parameter that is not known, given twice or no
// number, a length that no piece has, an offset where no piece of that length
// can begin, or a payload of no bytes or of more than the piece has.
Result<SectorUrl> parse_sector_url(std::string_view url);

std::string sector_url_from(const SectorUrl& parts);

}  // namespace dagfs::mount
