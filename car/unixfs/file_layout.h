// SPDX-License-Identifier: Apache-2.0 OR MIT

// Which leaf holds which bytes of a UnixFS file.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/block_source.h"

namespace dagfs::car {

// A run of a file's bytes and where it lies.
struct FileExtent {
  std::uint64_t offset = 0;  // In the UnixFS file.
  std::uint64_t size = 0;
  // Either inside a block of the CAR's file, which may not be verified yet ...
  BlockLocation block;
  std::uint64_t block_offset = 0;  // From the block's first byte.
  // ... or in memory already (identity CIDs): then this is set, `block` is not,
  // and block_offset counts into it.
  Block bytes;
};

// The plan of one file, made when it is opened and grown as it is read: only
// interior nodes on the way to the bytes asked for are ever fetched. Memory is
// bounded whatever the file's size. Safe for use from many threads at once.
class FileLayout {
 public:
  // `root` is a raw block or a UnixFS file or raw node; `blocks` must outlive
  // the layout. kCorrupt: not a file, or its sizes contradict each other beyond
  // what measuring the leaves can settle. Else as BlockSource::get.
  static Result<std::unique_ptr<FileLayout>> open(const BlockSource& blocks,
                                                  const Cid& root);

  // Of the whole file, in bytes.
  std::uint64_t size() const;

  // The extents that cover `range` (cut at size()), in order, without gaps.
  // Blocks of raw leaves are located but not read. kNotFound, kCorrupt,
  // kUnsupported: a node on the way is missing or wrong; the message names the
  // CID. Extents before the fault are appended all the same.
  Status map(ByteRange range, std::vector<FileExtent>* extents);
};

}  // namespace dagfs::car
