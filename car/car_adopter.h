// SPDX-License-Identifier: Apache-2.0 OR MIT

// Checks a CAR while somebody else writes it, right behind the writer.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/index_builder.h"
#include "car/index_records.h"
#include "car/section_scanner.h"

namespace dagfs::car {

enum class CarSign : std::uint8_t { kCar, kOther, kNeedsMore };

// Whether a file that begins with `bytes` is a CAR: its pragma (CARv2) or its
// whole header (CARv1) is there and right. A header of more than
// kSniffedHeaderSize is judged by its beginning, up to the first root.
// kNeedsMore: these bytes may be followed by either; at the end of the file
// that means no.
inline constexpr std::size_t kSniffedHeaderSize = 4096;
CarSign looks_like_car(ByteView bytes);

// One thread at a time. Each byte is read once, but for those of the header.
// Memory: a few MiB or the largest section, and the index.
class CarAdopter {
 public:
  // `read` fills with the file's bytes from an offset on; it is asked only for
  // bytes that advance() said are there. They must not change any more.
  explicit CarAdopter(SectionScanner::ReadAt read);
  CarAdopter(const CarAdopter&) = delete;
  CarAdopter& operator=(const CarAdopter&) = delete;

  // Checks every section that is whole, where the file has `size` bytes by
  // now; no less than the last time.
  //
  // kCorrupt with the offset in the file: no CAR header, a CARv2 header that is
  // still zero (its writer will come back to it), a section that cannot be
  // read, a block that does not hash to its CID, anything but zeros after
  // data that is ended by a section of length 0. kExhausted: the index would
  // be too large. kIo. Once failed it stays so: further calls answer the same.
  Status advance(std::uint64_t size);

  struct Adopted {
    CarHeader header;      // As read_car_header finds it, roots among it.
    IndexSummary summary;  // As build_index answers it.
    // Blocks whose hash function is not known here, so that nobody can say
    // whether they are right, and what was said of the first one.
    std::uint64_t unverifiable_count = 0;
    std::string first_unverifiable;
  };

  // The file is complete with `size` bytes. Fails as advance(), and where the
  // file ends inside a section or before a CARv2's payload does.
  Result<Adopted> finish(std::uint64_t size);

  // After finish(): writes the index that build_index would write, at the
  // descriptor's offset. kNoSpace, kIo.
  Status write_index(int fd) const;

 private:
  Status advance_to(std::uint64_t size);
  Status read_header(std::uint64_t size);
  Status note(const Section& section, const Status& verdict);

  SectionScanner::ReadAt read_;
  std::optional<Error> failure_;

  std::uint64_t header_wanted_ = 0;  // Bytes without which there is no
  std::optional<CarHeader> header_;  // ... header.

  std::optional<SectionScanner> scanner_;  // With the header.
  IndexRecords records_;
  Adopted adopted_;
};

}  // namespace dagfs::car
