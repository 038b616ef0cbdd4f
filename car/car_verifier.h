// SPDX-License-Identifier: Apache-2.0 OR MIT

// Checks a whole CAR: every section, every block's hash, roots and index.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/car_index.h"
#include "car/car_reader.h"

namespace dagfs::car {

struct VerifyOptions {
  ZeroSection zero_section = ZeroSection::kIsCorrupt;
  unsigned threads = 0;  // That hash; 0 means one a processor.

  // What build_index made from this very CAR; where null and the CAR has an
  // index, one is built in a temporary file to compare that with.
  const CarIndex* index = nullptr;

  // Ends the verification with kUnavailable once it is set; may be null.
  const std::atomic<bool>* cancelled = nullptr;

  // Told the bytes of the payload walked so far, from time to time, in the
  // caller's thread; may be empty.
  std::function<void(std::uint64_t)> progress;
};

// A block that is not what its CID says, or of which that cannot be said.
struct BlockFinding {
  Cid cid;
  std::uint64_t offset = 0;  // Of the block's bytes, in the file.
  std::string reason;
};

struct CarReport {
  std::uint64_t section_count = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t data_end =
      0;  // Position in the payload after the last section.

  // Blocks whose bytes do not hash to their CID, and those whose hash function
  // is not known here: how many, and the first ones by offset.
  std::uint64_t bad_count = 0;
  std::vector<BlockFinding> bad;
  std::uint64_t unverifiable_count = 0;
  std::vector<BlockFinding> unverifiable;

  // Roots that no section holds, which is allowed, in the header's order.
  // Identity CIDs hold themselves.
  std::vector<Cid> missing_roots;

  std::string embedded_index;  // As compare_embedded_index says.
};

// Findings that a report lists of either kind; the rest is only counted.
inline constexpr std::size_t kFindingsListed = 1000;

// Reads the CAR once from front to back, hashing on several threads.
//
// An Error means that it could not be checked to its end: kCorrupt at a section
// that cannot be read, as SectionReader says, or at the first byte after the
// end of the data that is not zero; kUnavailable: cancelled; kIo.
Result<CarReport> verify_car(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, const VerifyOptions& options);

}  // namespace dagfs::car
