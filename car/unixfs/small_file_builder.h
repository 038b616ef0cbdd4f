// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/unixfs/chunker.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/leaf_pipeline.h"
#include "car/unixfs/node_writer.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// Writes files of one chunk and no attributes, each a leaf, many at a time: one
// by one they would be hashed one by one. What FileBuilder makes of them is the
// same. Memory and errors as FileBuilder. For one thread at a time.
class SmallFileBuilder {
 public:
  // As FileBuilder's.
  SmallFileBuilder(const ImportProfile& profile, BlockSink& sink,
                   HashPool* pool);

  SmallFileBuilder(const SmallFileBuilder&) = delete;
  SmallFileBuilder& operator=(const SmallFileBuilder&) = delete;

  // Where the bytes of the next file are to be put, `size` of them, which is at
  // most the profile's chunk size. Invalid after any other call.
  Result<std::span<std::byte>> room(std::size_t size);
  // The room for `size` bytes has been filled with them.
  void add(std::size_t size);

  // Returns when all files are in the sink: those that were added since the
  // last time, in their order.
  Result<std::vector<BuiltDag>> settle();

 private:
  void collect();
  Status push_collected();

  const std::size_t slab_size_;
  const std::size_t batch_files_;  // That many are hashed side by side.

  Slab slab_;
  LeafPipeline::Batch batch_;
  std::size_t files_in_batch_ = 0;

  std::vector<BuiltDag> built_;  // Touched by the consumer until drained.
  LeafPipeline pipeline_;        // Last: its threads use all of the above.
};

}  // namespace dagfs::car
