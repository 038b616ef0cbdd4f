// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/small_file_builder.h"

#include <cassert>
#include <utility>

#include "car/unixfs/block_naming.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {

SmallFileBuilder::SmallFileBuilder(const ImportProfile& profile,
                                   BlockSink& sink, HashPool* pool)
    : slab_size_(Chunker(profile.chunk_size).slab_size()),
      batch_files_(blocks_side_by_side(profile)),
      pipeline_(profile, pool,
                [this, &sink](const Cid& cid, ByteView block,
                              std::uint64_t size) -> Status {
                  DAGFS_TRY(sink.put(cid, block));
                  built_.push_back(
                      {.cid = cid, .size = size, .total_size = block.size()});
                  return ok_status();
                }) {}

Result<std::span<std::byte>> SmallFileBuilder::room(std::size_t size) {
  assert(size <= slab_size_);
  if (slab_.room().size() < size) {
    collect();
    const bool is_batch_full =
        files_in_batch_ >= batch_files_ ||
        batch_.size() * slab_size_ >= kBytesInFlightMax / 2;
    if (is_batch_full) DAGFS_TRY(push_collected());
    auto used = pipeline_.reuse_slab();
    slab_ = used ? std::move(*used) : Slab(slab_size_);
  }
  return slab_.room().first(size);
}

void SmallFileBuilder::add(std::size_t size) {
  slab_.advance(size);
  slab_.end_chunk();
  ++files_in_batch_;
}

Result<std::vector<BuiltDag>> SmallFileBuilder::settle() {
  collect();
  if (!batch_.empty()) {
    files_in_batch_ = 0;
    DAGFS_TRY(pipeline_.push_here(std::exchange(batch_, {})));
  }
  DAGFS_TRY(pipeline_.drain());
  return std::exchange(built_, {});
}

void SmallFileBuilder::collect() {
  if (!slab_.chunk_ends().empty()) {
    batch_.push_back(std::exchange(slab_, Slab()));
  }
}

Status SmallFileBuilder::push_collected() {
  files_in_batch_ = 0;
  return pipeline_.push(std::exchange(batch_, {}));
}

}  // namespace dagfs::car
