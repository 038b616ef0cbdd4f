// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/read_ahead.h"

#include <algorithm>

namespace dagfs::fs {
namespace {

// Reads of a kernel that reads ahead arrive in any order, but not farther apart
// than its read-ahead window, which the session sets to 4 MiB.
constexpr std::uint64_t kReadAheadWindow = std::uint64_t{4} << 20;

// How much is hashed early for what was read in order so far.
constexpr std::uint64_t kGrowth = 4;

}  // namespace

void ReadAhead::note_read(ByteRange range) {
  const std::uint64_t end = range.offset + range.size;
  const MutexLock lock(mutex_);
  const bool is_near = range.offset <= farthest_ + kReadAheadWindow &&
                       farthest_ <= range.offset + kReadAheadWindow;
  if (!is_near) {
    run_size_ = 0;
    farthest_ = end;
    planned_end_ = 0;
    last_size_ = 0;
  }
  run_size_ += range.size;
  farthest_ = std::max(farthest_, end);
}

std::optional<ReadAhead::Batch> ReadAhead::plan() {
  const MutexLock lock(mutex_);
  if (is_planning_ || run_size_ < kRunSizeMin) return std::nullopt;
  const std::uint64_t offset = std::max(planned_end_, farthest_);
  // Two batches, so that two threads are at it while the reader comes after
  // them, and no more.
  if (offset - farthest_ > last_size_) return std::nullopt;
  is_planning_ = true;
  return Batch{.offset = offset,
               .size_max = std::min(kBatchSizeMax, kGrowth * run_size_)};
}

void ReadAhead::planned(const Batch& batch, std::uint64_t end) {
  const MutexLock lock(mutex_);
  is_planning_ = false;
  planned_end_ = end;
  last_size_ = end - batch.offset;
}

}  // namespace dagfs::fs
