// SPDX-License-Identifier: Apache-2.0 OR MIT

// Finds what is whole in a CARv2 whose writer may have died.

#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "car/base/read_write_file.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "car/section_table.h"

namespace dagfs::car {

struct CarScanOptions {
  std::uint64_t header_room = 0;    // Where the file does not tell.
  std::uint64_t verified_tail = 0;  // As ResumeOptions has it.
  const std::atomic<bool>* cancelled = nullptr;
};

struct CarScan {
  bool was_finished = false;
  bool is_empty = false;  // Not even the head is there: begin anew.
  std::vector<Cid> roots;
  std::uint64_t first_section = 0;  // Offset in the file.
  std::uint64_t end = 0;            // Of the last good section, in the file.
  std::string fault;                // What stands there instead of another.
  SectionTable table;               // By offset in the file.
  std::uint64_t block_count = 0;
  std::uint64_t block_bytes = 0;
};

// Reads `file` and writes nothing. Errors: as ReadWriteBlockstore::resume.
Result<CarScan> scan_car(const ReadWriteFile& file,
                         const CarScanOptions& options);

}  // namespace dagfs::car
