// SPDX-License-Identifier: Apache-2.0 OR MIT

// Hashes blocks where they lie in a file.

#pragma once

#include <span>
#include <vector>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/block_states.h"

namespace dagfs::car {

// What came of a block: an Error names its CID, or its place where that cannot
// be read.
struct BlockVerdict {
  Status status = ok_status();
  // kUnknown: nothing can be said of it, as it could not be read or its hash
  // function is not known.
  BlockState state = BlockState::kUnknown;
};

// One verdict a location. Each must be of a section of `file` whose head has at
// most kSectionHeadSizeMax bytes and whose block has at most kBlockSizeMax;
// there are at most kSha256LanesMax. Like sizes are quickest, as many as
// sha256_lanes().
//
// Blocks of sha2-256 are read in slices, side by side: a thread keeps 600 KB
// for that, whatever their sizes. Blocks of other functions are held in memory,
// one at a time.
std::vector<BlockVerdict> verify_blocks(
    const RandomAccessFile& file, std::span<const BlockLocation> locations);

}  // namespace dagfs::car
