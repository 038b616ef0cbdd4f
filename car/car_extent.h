// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where a CAR ends in a file that goes on after it, with zeros.

#pragma once

#include <cstdint>
#include <memory>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"

namespace dagfs::car {

// Bytes of the CAR at the front of `file`, whose sections end at position
// `data_end` of its payload. A CARv2 ends where its payload or its index does,
// whichever comes last. Where its index cannot be read, nobody knows, and the
// whole file is the answer. kIo, kUnavailable.
Result<std::uint64_t> car_extent(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, std::uint64_t data_end);

// kCorrupt, with the offset of the first one: `range` of `file` has bytes that
// are not zero. kIo, kUnavailable.
Status require_zeros(const RandomAccessFile& file, ByteRange range);

}  // namespace dagfs::car
