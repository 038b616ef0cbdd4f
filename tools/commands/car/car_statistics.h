// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"

namespace dagfs::tools {

// What the sections of a CAR are like.
struct CarStatistics {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  // Of all blocks.
  std::uint64_t size_min = 0;
  std::uint64_t size_max = 0;
  std::map<std::string, std::uint64_t> codecs;  // By name: blocks.
  std::map<std::string, std::uint64_t> hashes;
  std::uint64_t cid_v0 = 0;
  std::uint64_t identity = 0;
};

// Reads section heads only. kCorrupt, with the offset: they cannot be walked.
Result<CarStatistics> collect_statistics(const RandomAccessFile& file,
                                         const car::CarHeader& header);

// What stands in `range`: "zeros", or "data from N on". No more than the first
// kPaddingLookMax bytes are looked at, and the answer says so.
inline constexpr std::uint64_t kPaddingLookMax = std::uint64_t{64} << 20;
Result<std::string> describe_padding(const RandomAccessFile& file,
                                     ByteRange range);

}  // namespace dagfs::tools
