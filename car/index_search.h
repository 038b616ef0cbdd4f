// SPDX-License-Identifier: Apache-2.0 OR MIT

// Finds a digest in a bucket of an index without reading much of it.

#pragma once

#include <array>
#include <cstdint>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_index.h"

namespace dagfs::car {

// One look-up. Digests are uniform, so where one must lie can be computed: in a
// million entries the first guess is a few hundred off, the second one, made
// from what the first one met, a dozen, which is within the page read there.
// Digests that are not uniform (identity ones, crafted ones) get an ordinary
// binary search after a few guesses. `file`, `bucket` and `digest` must outlive
// it.
class BucketSearch {
 public:
  // `digest` is as long as the bucket's.
  BucketSearch(const RandomAccessFile& file, const IndexBucket& bucket,
               ByteView digest);

  // As CarIndex::find.
  Result<IndexEntries> run();

 private:
  static constexpr std::size_t kWindowSize = 4096;

  // Entries first to end - 1, which are in window_.
  struct Stretch {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };

  Result<std::uint64_t> lower_bound();
  std::uint64_t lower_bound_in_window() const;
  std::uint64_t guess(unsigned probes) const;
  std::uint64_t probe_count(std::uint64_t at) const;
  Status read_around(std::uint64_t at, std::uint64_t count);
  Status read_window(Stretch stretch);
  Result<const std::byte*> entry_at(std::uint64_t index);

  const std::byte* in_window(std::uint64_t index) const;
  int compare(const std::byte* entry) const;  // Of the entry with digest_.

  const RandomAccessFile& file_;
  const IndexBucket& bucket_;
  ByteView digest_;
  std::uint64_t count_;
  std::uint64_t key_;

  // The answer is in [low_, high_], and these keys stand around it.
  std::uint64_t low_ = 0;
  std::uint64_t high_;
  std::uint64_t low_key_ = 0;
  std::uint64_t high_key_ = ~std::uint64_t{0};

  Stretch stretch_;
  std::array<std::byte, kWindowSize> window_;
};

}  // namespace dagfs::car
