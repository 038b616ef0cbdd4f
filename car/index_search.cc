// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_search.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "car/base/endian.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

static_assert(kCidSizeMax + sizeof(std::uint64_t) <= 4096,
              "a window holds at least one entry");

// Uniform digests need two or three. Each guess halves nothing in the worst
// case, so the binary search begins soon after.
constexpr unsigned kGuessesMax = 6;

// Fewer would often miss the neighbor that shows that a digest occurs once.
constexpr std::uint64_t kEntriesMin = 6;

// The digest's first bytes as a number, the scale on which it is uniform.
std::uint64_t key_of(const std::byte* digest, std::size_t size) {
  if (size >= sizeof(std::uint64_t)) return load_be64(digest);
  std::array<std::byte, sizeof(std::uint64_t)> padded = {};
  std::copy_n(digest, size, padded.begin());
  return load_be64(padded.data());
}

}  // namespace

// window_ is left as it is: it is read into before it is looked at.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
BucketSearch::BucketSearch(const RandomAccessFile& file,
                           const IndexBucket& bucket, ByteView digest)
    : file_(file),
      bucket_(bucket),
      digest_(digest),
      count_(bucket.count()),
      key_(key_of(digest.data(), digest.size())),
      high_(count_) {}

Result<IndexEntries> BucketSearch::run() {
  IndexEntries entries;
  std::uint64_t index = DAGFS_TRY(lower_bound());
  for (; index < count_ && entries.size() < kCopiesMax; ++index) {
    const std::byte* entry = DAGFS_TRY(entry_at(index));
    if (compare(entry) != 0) break;
    entries.push_back(
        {.position = load_le<std::uint64_t>(entry + digest_.size()),
         .ordinal = bucket_.first_ordinal + index});
  }
  return entries;
}

// The first entry that is not less than digest_. Every round leaves fewer
// entries between low_ and high_, sorted or not, so this ends.
Result<std::uint64_t> BucketSearch::lower_bound() {
  for (unsigned probes = 0; low_ < high_; ++probes) {
    const std::uint64_t at = guess(probes);
    DAGFS_TRY(read_around(at, probe_count(at)));
    const std::byte* first = in_window(stretch_.first);
    const std::byte* last = in_window(stretch_.end - 1);
    if (compare(first) >= 0) {
      high_ = stretch_.first;
      high_key_ = key_of(first, digest_.size());
    } else if (compare(last) < 0) {
      low_ = stretch_.end;
      low_key_ = key_of(last, digest_.size());
    } else {
      return lower_bound_in_window();
    }
  }
  return low_;
}

// The first entry of the window is less than digest_, the last one is not.
std::uint64_t BucketSearch::lower_bound_in_window() const {
  std::uint64_t low = stretch_.first + 1;
  std::uint64_t high = stretch_.end - 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (compare(in_window(middle)) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::uint64_t BucketSearch::guess(unsigned probes) const {
  const std::uint64_t span = high_ - low_;
  if (probes >= kGuessesMax || low_key_ >= high_key_) return low_ + span / 2;
  // Equal to one of them where the entry itself was met already, or where
  // digests differ in later bytes only.
  const std::uint64_t key = std::clamp(key_, low_key_, high_key_);
  const double fraction = static_cast<double>(key - low_key_) /
                          static_cast<double>(high_key_ - low_key_);
  const auto steps =
      static_cast<std::uint64_t>(fraction * static_cast<double>(span));
  return low_ + std::min(steps, span - 1);
}

// How many entries to read at `at`. As many as likely hold the answer, for most
// of a look-up's time goes into copying cold bytes; one where a page would not
// hold it, for that narrows the search down as well.
std::uint64_t BucketSearch::probe_count(std::uint64_t at) const {
  const std::uint64_t whole_page = kWindowSize / bucket_.width;
  // So many uniform digests lie between `at` and the nearer known entry; the
  // guess is off by about the root of that.
  const std::uint64_t distance = std::min(at - low_, high_ - at);
  const double error = std::sqrt(static_cast<double>(distance));
  const auto wanted = static_cast<std::uint64_t>(3 * error) + kEntriesMin;
  if (wanted > 2 * whole_page) return 1;
  return std::min(wanted, whole_page);
}

Status BucketSearch::read_around(std::uint64_t at, std::uint64_t count) {
  const std::uint64_t before = std::min(at - low_, count / 2);
  const std::uint64_t end = std::min(at - before + count, high_);
  const std::uint64_t first = end - std::min(count, end - low_);
  return read_window({.first = first, .end = end});
}

Status BucketSearch::read_window(Stretch stretch) {
  stretch_ = {};
  const std::uint64_t size = (stretch.end - stretch.first) * bucket_.width;
  DAGFS_TRY_CONTEXT(
      file_.read_at(bucket_.entries.offset + stretch.first * bucket_.width,
                    std::span(window_).first(size)),
      "read index");
  stretch_ = stretch;
  return ok_status();
}

Result<const std::byte*> BucketSearch::entry_at(std::uint64_t index) {
  if (index < stretch_.first || index >= stretch_.end) {
    const std::uint64_t end =
        std::min(count_, index + kWindowSize / bucket_.width);
    DAGFS_TRY(read_window({.first = index, .end = end}));
  }
  return in_window(index);
}

const std::byte* BucketSearch::in_window(std::uint64_t index) const {
  return window_.data() + (index - stretch_.first) * bucket_.width;
}

int BucketSearch::compare(const std::byte* entry) const {
  if (digest_.empty()) return 0;  // memcmp wants pointers even for nothing.
  return std::memcmp(entry, digest_.data(), digest_.size());
}

}  // namespace dagfs::car
