// SPDX-License-Identifier: Apache-2.0 OR MIT

// Sorting by digest. Digests are uniform, so a radix sort from the first byte
// on needs two or three passes before groups fit a cache line or two; it works
// in place, because an index may be half of all memory.

#include <algorithm>
#include <array>
#include <cstring>

#include "car/base/endian.h"
#include "car/limits.h"
#include "car/record_array.h"

namespace dagfs::car {
namespace {

// Below this many records inserting one by one beats another radix pass.
constexpr std::size_t kInsertionCountMax = 24;

// Each level splits off at least one record and takes 4 KiB of stack. Digests
// of any real hash function need four; whoever crafts identity digests to
// nest deeper gets heap sort, which nothing slows down much.
constexpr unsigned kLevelsMax = 24;

constexpr std::size_t kRecordSizeMax = kCidSizeMax + kPositionSize;

// kFixedWidth is the records' width, or 0 where only `width` says it: copies of
// a width known to the compiler are a few instructions.
template <std::size_t kFixedWidth>
class RecordSorter {
 public:
  explicit RecordSorter(std::size_t width) : width_(width) {}

  void sort(std::byte* records, std::size_t count, std::size_t depth,
            unsigned level) const {
    while (count > kInsertionCountMax && level < kLevelsMax &&
           depth < width()) {
      const Counts counts = count_bytes(records, count, depth);
      const std::size_t first = key_byte(records, depth);
      if (counts[first] == count) {  // All agree: look at the next byte.
        ++depth;
        continue;
      }
      return split(records, counts, depth, level);
    }
    if (count <= kInsertionCountMax) return insertion_sort(records, count);
    heap_sort(records, count);
  }

 private:
  using Counts = std::array<std::size_t, 256>;

  std::size_t width() const { return kFixedWidth != 0 ? kFixedWidth : width_; }
  std::size_t digest_size() const { return width() - kPositionSize; }

  // Bytes of the sort key, most significant first: the position is stored the
  // other way round.
  std::size_t key_byte(const std::byte* record, std::size_t depth) const {
    const std::size_t at =
        depth < digest_size() ? depth : width() - 1 - (depth - digest_size());
    return std::to_integer<std::size_t>(record[at]);
  }

  Counts count_bytes(const std::byte* records, std::size_t count,
                     std::size_t depth) const {
    Counts counts = {};
    for (std::size_t i = 0; i < count; ++i) {
      ++counts[key_byte(records + i * width(), depth)];
    }
    return counts;
  }

  // American flag sort: follows each misplaced record to its group, takes the
  // one it displaces along, until the cycle closes.
  void split(std::byte* records, const Counts& counts, std::size_t depth,
             unsigned level) const {
    Counts next = {};
    Counts ends = {};
    std::size_t sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      next[i] = sum;
      ends[i] = sum += counts[i];
    }
    for (std::size_t group = 0; group < counts.size(); ++group) {
      while (next[group] < ends[group]) {
        std::byte* record = records + next[group] * width();
        std::size_t home = key_byte(record, depth);
        while (home != group) {
          exchange(record, records + next[home]++ * width());
          home = key_byte(record, depth);
        }
        ++next[group];
      }
    }
    for (std::size_t group = 0; group < counts.size(); ++group) {
      if (counts[group] < 2) continue;
      std::byte* start = records + (ends[group] - counts[group]) * width();
      sort(start, counts[group], depth + 1, level + 1);
    }
  }

  bool less(const std::byte* a, const std::byte* b) const {
    if (digest_size() >= kPositionSize) {
      const std::uint64_t a_prefix = load_be64(a);
      const std::uint64_t b_prefix = load_be64(b);
      if (a_prefix != b_prefix) return a_prefix < b_prefix;
    }
    const int order = std::memcmp(a, b, digest_size());
    if (order != 0) return order < 0;
    return load_le<std::uint64_t>(a + digest_size()) <
           load_le<std::uint64_t>(b + digest_size());
  }

  void exchange(std::byte* a, std::byte* b) const {
    std::array<std::byte, kScratchSize> scratch;
    std::memcpy(scratch.data(), a, width());
    std::memcpy(a, b, width());
    std::memcpy(b, scratch.data(), width());
  }

  void insertion_sort(std::byte* records, std::size_t count) const {
    std::array<std::byte, kScratchSize> scratch;
    for (std::size_t i = 1; i < count; ++i) {
      const std::byte* record = records + i * width();
      std::size_t to = i;
      while (to > 0 && less(record, records + (to - 1) * width())) --to;
      if (to == i) continue;
      std::memcpy(scratch.data(), record, width());
      std::byte* target = records + to * width();
      std::memmove(target + width(), target, (i - to) * width());
      std::memcpy(target, scratch.data(), width());
    }
  }

  void heap_sort(std::byte* records, std::size_t count) const {
    for (std::size_t i = count / 2; i > 0; --i) sift(records, i - 1, count);
    for (std::size_t end = count; end > 1; --end) {
      exchange(records, records + (end - 1) * width());
      sift(records, 0, end - 1);
    }
  }

  void sift(std::byte* records, std::size_t root, std::size_t count) const {
    while (true) {
      std::size_t child = 2 * root + 1;
      if (child >= count) return;
      if (child + 1 < count &&
          less(records + child * width(), records + (child + 1) * width())) {
        ++child;
      }
      if (!less(records + root * width(), records + child * width())) return;
      exchange(records + root * width(), records + child * width());
      root = child;
    }
  }

  static constexpr std::size_t kScratchSize =
      kFixedWidth != 0 ? kFixedWidth : kRecordSizeMax;

  std::size_t width_;
};

}  // namespace

void sort_records(std::span<std::byte> records, std::size_t width) {
  const std::size_t count = records.size() / width;
  constexpr std::size_t kUsualWidth = 32 + kPositionSize;
  if (width == kUsualWidth) {
    RecordSorter<kUsualWidth>(width).sort(records.data(), count, 0, 0);
  } else {
    RecordSorter<0>(width).sort(records.data(), count, 0, 0);
  }
}

}  // namespace dagfs::car
