// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/file_builder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "car/ipld/varint.h"
#include "car/unixfs/block_naming.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {

FileBuilder::FileBuilder(const ImportProfile& profile, BlockSink& sink,
                         HashPool* pool)
    : profile_(profile),
      sink_(sink),
      batch_chunks_(blocks_side_by_side(profile)),
      chunker_(profile.chunk_size),
      layout_(profile, sink),
      pipeline_(profile, pool,
                [this](const Cid& cid, ByteView block, std::uint64_t size) {
                  return take_leaf(cid, block, size);
                }) {
  assert(check_import_profile(profile).ok());
}

FileBuilder::~FileBuilder() = default;

Status FileBuilder::append(ByteView bytes) {
  while (!bytes.empty()) {
    const std::span<std::byte> place = DAGFS_TRY(room());
    const std::size_t count = std::min(place.size(), bytes.size());
    std::copy_n(bytes.begin(), count, place.begin());
    DAGFS_TRY(advance(count));
    bytes = bytes.subspan(count);
  }
  return ok_status();
}

Result<std::span<std::byte>> FileBuilder::room() {
  // Whether more bytes will come is not known yet.
  if (chunker_.is_full()) held_ = chunker_.take();
  if (!chunker_.has_slab()) chunker_.give(empty_slab());
  return chunker_.room();
}

Status FileBuilder::advance(std::size_t count) {
  if (count == 0) return ok_status();
  collect_held();
  chunker_.advance(count);
  size_ += count;
  if (!chunker_.is_full() || may_be_only_chunk()) return ok_status();
  return push_full_slab();
}

Status FileBuilder::flush() {
  if (chunker_.has_whole_chunk() && !may_be_only_chunk()) {
    collect(chunker_.take_whole_chunks(empty_slab()));
  }
  if (!batch_.empty()) {
    chunks_in_batch_ = 0;
    DAGFS_TRY(pipeline_.push_here(std::exchange(batch_, {})));
  }
  return pipeline_.drain();
}

Result<BuiltDag> FileBuilder::finish(const NodeAttributes& attributes) {
  UnixfsNode kept;
  keep_attributes(profile_, attributes, &kept);
  if (size_ <= profile_.chunk_size && (kept.mode || kept.mtime)) {
    return put_only_chunk(kept);
  }
  collect_held();
  // An empty file has a leaf, too.
  if (size_ == 0) chunker_.give(Slab());
  if (size_ == 0 || !chunker_.bytes().empty()) collect(chunker_.take());
  if (!batch_.empty()) {
    DAGFS_TRY(pipeline_.push_here(std::exchange(batch_, {})));
  }
  DAGFS_TRY(pipeline_.drain());
  BuiltDag built = DAGFS_TRY(layout_.finish(attributes));
  start_anew();
  return built;
}

// Attributes need a node to stand in, and that is this one.
Result<BuiltDag> FileBuilder::put_only_chunk(const UnixfsNode& attributes) {
  DAGFS_TRY(pipeline_.drain());
  UnixfsNode node = attributes;
  node.data = tail();
  node.file_size = node.data.size();
  BuiltDag built = DAGFS_TRY(put_node(profile_, sink_, {}, node));
  built.size = *node.file_size;
  start_anew();
  return built;
}

std::uint64_t FileBuilder::leaf_count() const {
  const MutexLock lock(mutex_);
  return positions_.size();
}

std::uint64_t FileBuilder::leaf_position(std::uint64_t index) const {
  const MutexLock lock(mutex_);
  assert(index < positions_.size());
  return positions_[index];
}

std::size_t FileBuilder::leaf_head_size() const {
  if (profile_.leaves == LeafFormat::kRaw) return 0;
  // A tag and a length before the message, its type, and a tag and a length
  // before the data; the size of the file stands behind it.
  const std::uint64_t chunk = profile_.chunk_size;
  const std::size_t length = encode_varint(chunk).size;
  const std::uint64_t message = 2 + 1 + length + chunk + 1 + length;
  return 1 + encode_varint(message).size + 2 + 1 + length;
}

Status FileBuilder::take_leaf(const Cid& cid, ByteView block,
                              std::uint64_t size) {
  const std::uint64_t position = DAGFS_TRY(sink_.put(cid, block));
  {
    const MutexLock lock(mutex_);
    positions_.push_back(position);
  }
  return layout_.add({.cid = cid, .size = size, .total_size = block.size()});
}

Slab FileBuilder::empty_slab() {
  if (auto used = pipeline_.reuse_slab()) return std::move(*used);
  return Slab(chunker_.slab_size());
}

bool FileBuilder::may_be_only_chunk() const {
  return (profile_.keeps_mode || profile_.keeps_mtime) &&
         size_ <= profile_.chunk_size;
}

void FileBuilder::collect(Slab slab) {
  const std::size_t chunk = chunker_.chunk_size();
  chunks_in_batch_ += (slab.size() + chunk - 1) / chunk;
  batch_.push_back(std::move(slab));
}

void FileBuilder::collect_held() {
  if (held_.capacity() != 0) collect(std::exchange(held_, Slab()));
}

Status FileBuilder::push_full_slab() {
  collect(chunker_.take());
  const bool is_batch_full =
      chunks_in_batch_ >= batch_chunks_ ||
      batch_.size() * chunker_.slab_size() >= kBytesInFlightMax / 2;
  if (!is_batch_full) return ok_status();
  chunks_in_batch_ = 0;
  return pipeline_.push(std::exchange(batch_, {}));
}

void FileBuilder::start_anew() {
  size_ = 0;
  chunks_in_batch_ = 0;
  held_ = Slab();
  if (chunker_.has_slab()) {
    Slab slab = chunker_.take();
    slab.clear();
    chunker_.give(std::move(slab));
  }
  layout_.clear();
  const MutexLock lock(mutex_);
  positions_.clear();
}

}  // namespace dagfs::car
