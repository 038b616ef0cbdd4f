// SPDX-License-Identifier: Apache-2.0 OR MIT

// Whether the index inside a CARv2 says what its payload says.

#pragma once

#include <memory>
#include <string>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/car_index.h"

namespace dagfs::car {

// Compares the index inside the CAR in `file` with `built`, which build_index
// made from its payload:
//   "none"            there is no index;
//   "matches"         it lists the same sections, with the identity ones or
//                     without, in an order that look-ups rely on;
//   "differs: WHY"    anything else, unreadable ones included.
// An IndexSorted (0x0400) is compared by digest and position alone, as it has
// nothing more. Entries under equal digests may stand in any order.
//
// Reads both once from front to back, in little memory. The only errors are
// failures to read: kIo, kUnavailable, and kCorrupt where `built` is cut short.
Result<std::string> compare_embedded_index(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, const CarIndex& built);

}  // namespace dagfs::car
