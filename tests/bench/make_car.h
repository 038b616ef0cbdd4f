// SPDX-License-Identifier: Apache-2.0 OR MIT

// CARs of any size for benchmarks, written at about the speed of the disk.

#pragma once

#include <cstdint>
#include <string>

#include "car/base/result.h"

namespace dagfs::bench {

enum class Digests : std::uint8_t {
  kReal,     // sha2-256 of each block: the CAR can be served and verified.
  kInvented  // As uniform as real ones, and free: for indexing only.
};

enum class Contents : std::uint8_t {
  kRandom,
  kHoles  // Zeros that take no disk space; with kInvented digests only.
};

// Raw blocks under CIDv1, their sizes spread evenly between min and max. The
// same shape always gives the same bytes.
struct CarShape {
  std::uint64_t block_count = 0;
  std::uint64_t block_size_min = 0;
  std::uint64_t block_size_max = 0;
  Digests digests = Digests::kReal;
  Contents contents = Contents::kRandom;
  std::uint64_t seed = 1;
};

// Writes a CARv1 with its first block as the root to `path`, which is replaced.
// kIo.
Status make_car(const std::string& path, const CarShape& shape);

}  // namespace dagfs::bench
