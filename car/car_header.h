// SPDX-License-Identifier: Apache-2.0 OR MIT

// The heads of CARv1 and CARv2. docs/formats/car.md has the bytes.
// https://ipld.io/specs/transport/car/

#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"

namespace dagfs::car {

inline constexpr std::size_t kPragmaSize = 11;
// The first bytes of every CARv2: a CARv1 header that says version 2.
inline constexpr std::string_view kPragma("\x0a\xa1\x67version\x02",
                                          kPragmaSize);
inline constexpr std::size_t kCarV2HeaderSize = 40;

// The fixed head of a CARv2, after its pragma.
struct CarV2Header {
  std::array<std::byte, 16> characteristics = {};
  ByteRange payload;               // In the file.
  std::uint64_t index_offset = 0;  // In the file; 0 where there is none.

  // The index catalogues all sections, identity ones included.
  bool fully_indexed() const;
};

// What the first bytes of a CAR say. Copyable value.
struct CarHeader {
  unsigned version = 1;    // 1 or 2.
  std::vector<Cid> roots;  // In order, duplicates kept; may be empty.
  ByteRange payload;       // The CARv1 inside, header included; in the file.
  std::uint64_t first_section = 0;  // Position in the payload.
  std::optional<CarV2Header> v2;    // Only where version is 2.
};

// Reads and checks the header of the CAR in `file`.
//
// kCorrupt with the offset: not a CAR, a header past the file's end or
// kHeaderSizeMax, version other than 1 and 2, roots missing or not links, keys
// unknown, bytes after the map, a v2 payload outside the file or inside its own
// header, or a CARv2 that was never finished (its header is still zero).
Result<CarHeader> read_car_header(const RandomAccessFile& file);

// The bytes of a CARv1 header with `roots`, its length varint included.
Bytes encode_car_header(const std::vector<Cid>& roots);

}  // namespace dagfs::car
