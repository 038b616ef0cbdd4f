// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <optional>

#include "car/base/bytes.h"
#include "car/base/mutex.h"

namespace dagfs::fs {

// Decides from the reads of an open file what of it to hash before somebody
// asks for it: nothing, unless it is being read from one end to the other.
// Safe for use from many threads at once.
class ReadAhead {
 public:
  // Hashed at a time; a reader that stops early has cost no more.
  static constexpr std::uint64_t kBatchSizeMax = std::uint64_t{16} << 20;

  // What has to be read in order before anything is hashed early.
  static constexpr std::uint64_t kRunSizeMin = std::uint64_t{1} << 20;

  struct Batch {
    std::uint64_t offset = 0;    // Where it begins in the file.
    std::uint64_t size_max = 0;  // Bytes.
  };

  void note_read(ByteRange range) DAGFS_EXCLUDES(mutex_);

  // What to hash now. Nobody else is given anything until the caller says, with
  // planned(), what it takes. nullopt: enough is being done.
  std::optional<Batch> plan() DAGFS_EXCLUDES(mutex_);

  // The batch ends at `end` of the file; its beginning: nothing was found.
  void planned(const Batch& batch, std::uint64_t end) DAGFS_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::uint64_t farthest_ DAGFS_GUARDED_BY(mutex_) = 0;  // End of a read.
  std::uint64_t run_size_ DAGFS_GUARDED_BY(mutex_) = 0;  // Read in order.
  std::uint64_t planned_end_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_size_ DAGFS_GUARDED_BY(mutex_) = 0;  // Of a batch.
  bool is_planning_ DAGFS_GUARDED_BY(mutex_) = false;
};

}  // namespace dagfs::fs
