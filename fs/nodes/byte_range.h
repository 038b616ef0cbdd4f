// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <algorithm>
#include <cstdint>

#include "car/base/bytes.h"

namespace dagfs::fs {

// What of `range` lies inside a file of `size` bytes.
inline ByteRange clamp(ByteRange range, std::uint64_t size) {
  if (range.offset >= size) return {.offset = size, .size = 0};
  return {.offset = range.offset,
          .size = std::min(range.size, size - range.offset)};
}

}  // namespace dagfs::fs
