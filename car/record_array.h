// SPDX-License-Identifier: Apache-2.0 OR MIT

// Index entries in memory, laid out as an index file has them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "car/base/bytes.h"
#include "car/base/endian.h"
#include "car/base/result.h"

namespace dagfs::car {

// Of a section's position, which ends every record.
inline constexpr std::size_t kPositionSize = sizeof(std::uint64_t);

// A growing array of records of one width: a digest, then the position as 8
// bytes, little-endian. It costs its own size and no more: pages that were not
// written to take no memory, and growing moves page tables, not bytes.
class RecordArray {
 public:
  explicit RecordArray(std::size_t digest_size)
      : width_(digest_size + kPositionSize) {}
  ~RecordArray();

  RecordArray(RecordArray&& other) noexcept;
  RecordArray& operator=(RecordArray&&) = delete;
  RecordArray(const RecordArray&) = delete;
  RecordArray& operator=(const RecordArray&) = delete;

  // `digest` has the size given at construction. kExhausted: no memory.
  Status append(ByteView digest, std::uint64_t position) {
    DAGFS_TRY(reserve());
    put(digest, position);
    return ok_status();
  }

  // Makes room for one more record, so that append() cannot fail. kExhausted.
  Status reserve() {
    if (size_ + width_ <= capacity_) [[likely]] {
      return ok_status();
    }
    return grow();
  }

  // Ascending by digest, equal ones by position.
  void sort();

  // Two neighbors, in a sorted array, have the same digest.
  bool has_equal_digests() const;

  std::size_t width() const { return width_; }
  std::uint64_t count() const { return size_ / width_; }
  ByteView bytes() const { return {records_, size_}; }

  // Of the record at `index`, which is below count().
  ByteView digest(std::uint64_t index) const {
    return {records_ + index * width_, width_ - kPositionSize};
  }
  std::uint64_t position(std::uint64_t index) const {
    return load_le<std::uint64_t>(records_ + (index + 1) * width_ -
                                  kPositionSize);
  }

 private:
  void put(ByteView digest, std::uint64_t position);
  Status grow();

  std::size_t width_;
  std::byte* records_ = nullptr;  // Mapped, not allocated.
  std::size_t size_ = 0;          // Bytes.
  std::size_t capacity_ = 0;
};

// Sorts records of `width` bytes in place, at most a few KiB aside: by all but
// the last 8 bytes, then by those as a little-endian number. `records` is a
// whole number of them.
void sort_records(std::span<std::byte> records, std::size_t width);

}  // namespace dagfs::car
