// SPDX-License-Identifier: Apache-2.0 OR MIT

// Cuts a stream of bytes into chunks of one size.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "car/base/bytes.h"

namespace dagfs::car {

// Memory that is filled from the front. Not zeroed: a file of a few bytes must
// not pay for a chunk of a MiB.
class Slab {
 public:
  Slab() = default;
  explicit Slab(std::size_t capacity)
      : bytes_(new std::byte[capacity]), capacity_(capacity) {}

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  ByteView bytes() const { return {bytes_.get(), size_}; }
  // What is free; fill it from the front, then advance().
  std::span<std::byte> room() {
    return {bytes_.get() + size_, capacity_ - size_};
  }
  void advance(std::size_t count) { size_ += count; }
  void truncate(std::size_t size) { size_ = size; }

  // Chunks end where the chunk size says, unless their ends are marked: then
  // each does, where the slab ended at that time.
  void end_chunk() { chunk_ends_.push_back(size_); }
  std::span<const std::size_t> chunk_ends() const { return chunk_ends_; }

  // Empty again, with the same memory.
  void clear() {
    size_ = 0;
    chunk_ends_.clear();
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::vector<std::size_t> chunk_ends_;
};

// Collects what is written in a slab of one chunk, or of several where chunks
// are small.
class Chunker {
 public:
  // `chunk_size` is at most kChunkSizeMax.
  explicit Chunker(std::uint64_t chunk_size);

  std::size_t chunk_size() const { return chunk_size_; }
  // How large slabs are to be: a multiple of the chunk size.
  std::size_t slab_size() const { return slab_size_; }

  // Without a slab there is no room.
  bool has_slab() const { return slab_.capacity() != 0; }
  void give(Slab slab) { slab_ = std::move(slab); }
  std::span<std::byte> room() { return slab_.room(); }
  void advance(std::size_t count) { slab_.advance(count); }

  ByteView bytes() const { return slab_.bytes(); }
  bool has_whole_chunk() const { return slab_.size() >= chunk_size_; }
  bool is_full() const {
    return has_slab() && slab_.size() == slab_.capacity();
  }

  // All that was collected. The end of a stream may leave a shorter chunk last.
  Slab take() { return std::exchange(slab_, Slab()); }
  // The whole chunks; the bytes after them go into `fresh`, an empty slab.
  Slab take_whole_chunks(Slab fresh);

 private:
  std::size_t chunk_size_;
  std::size_t slab_size_;
  Slab slab_;
};

}  // namespace dagfs::car
