// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/unixfs/file_node.h"

namespace dagfs::car {

// How many bytes lie below each link of a file's nodes. What a node declares is
// believed where it agrees with itself (one blocksize a link, and filesize
// their sum with Data); whether the children agree too shows when they are
// reached. Otherwise the DAG below is walked and measured, as readers that
// ignore declarations see it: few writers leave such nodes, and a walk is
// bounded over the life of this object by kMeasuredNodesMax. Safe for use from
// many threads at once.
class FileSizes {
 public:
  // `blocks` must outlive this.
  explicit FileSizes(const BlockSource& blocks) : blocks_(blocks) {}

  // One size for each link of a node that is `depth` links below the root;
  // their sum with Data is at most kFileSizeMax. kCorrupt, kExhausted or as
  // BlockSource::get: the node has to be measured and cannot be.
  Result<std::vector<std::uint64_t>> of_links(const FileMessage& message,
                                              std::size_t depth);

 private:
  Result<std::vector<std::uint64_t>> measure_links(const FileMessage& message,
                                                   std::size_t depth);
  Result<std::uint64_t> measure(const Cid& cid, std::size_t depth);
  Result<std::uint64_t> measure_node(const Cid& cid, std::size_t depth);
  Status count_one();

  const BlockSource& blocks_;

  Mutex mutex_;
  // Nodes that had to be measured. A DAG may hold one of them in 2^60 places.
  std::unordered_map<Cid, std::uint64_t, CidHash> measured_
      DAGFS_GUARDED_BY(mutex_);
  std::size_t count_ DAGFS_GUARDED_BY(mutex_) = 0;
};

// The size of the raw block `cid`, which is not read. As BlockSource::locate.
Result<std::uint64_t> raw_block_size(const BlockSource& blocks, const Cid& cid);

}  // namespace dagfs::car
