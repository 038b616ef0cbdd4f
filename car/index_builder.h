// SPDX-License-Identifier: Apache-2.0 OR MIT

// Builds a MultihashIndexSorted from the sections of a CAR.

#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/car_reader.h"

namespace dagfs::car {

struct IndexSummary {
  std::uint64_t section_count = 0;
  std::uint64_t index_size = 0;   // Bytes written.
  std::uint64_t block_bytes = 0;  // Sum of the blocks' sizes.
  std::uint64_t data_end =
      0;  // Position in the payload after the last section.
  bool has_duplicates = false;  // Some multihash stands in two sections.
};

// Walks all sections of the CAR (heads only; block data is skipped) and writes
// their index to `index_fd` from its current offset: every section, identity
// ones included, ascending by code, width, digest and position. Memory: about
// the size of the index, 40 bytes a section for 32-byte digests.
//
// kCorrupt: as SectionReader. kNoSpace, kIo: writing failed. kUnavailable:
// `cancelled` (may be null) was set.
Result<IndexSummary> build_index(const RandomAccessFile& file,
                                 const CarHeader& header,
                                 ZeroSection zero_section, int index_fd,
                                 const std::atomic<bool>* cancelled);

// The same of several CARs in one file, whose headers have payloads with one
// and the same offset, from which all positions count. `data_end` is that of
// the first one. Asserts that there is one.
Result<IndexSummary> build_index(const RandomAccessFile& file,
                                 std::span<const CarHeader> headers,
                                 ZeroSection zero_section, int index_fd,
                                 const std::atomic<bool>* cancelled);

}  // namespace dagfs::car
