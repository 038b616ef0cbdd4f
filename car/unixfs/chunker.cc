// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/chunker.h"

#include <algorithm>

namespace dagfs::car {
namespace {

// A slab of small chunks: large enough that handing it to another thread costs
// little beside hashing it ...
constexpr std::size_t kSlabSize = std::size_t{1} << 20;
// ... and of no more chunks than this, whose CIDs are 80 bytes each.
constexpr std::size_t kSlabChunksMax = 1024;

}  // namespace

Chunker::Chunker(std::uint64_t chunk_size)
    : chunk_size_(chunk_size),
      slab_size_(chunk_size * std::clamp<std::size_t>(kSlabSize / chunk_size, 1,
                                                      kSlabChunksMax)) {}

Slab Chunker::take_whole_chunks(Slab fresh) {
  const ByteView rest = bytes().last(slab_.size() % chunk_size_);
  std::ranges::copy(rest, fresh.room().begin());
  fresh.advance(rest.size());
  slab_.truncate(slab_.size() - rest.size());
  return std::exchange(slab_, std::move(fresh));
}

}  // namespace dagfs::car
