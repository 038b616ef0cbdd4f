// SPDX-License-Identifier: Apache-2.0 OR MIT

// A disk that fills up, breaks and loses what was not synced, as a test says.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "car/base/mutex.h"
#include "car/base/read_write_file.h"

namespace dagfs::tests {

// What survives the file objects that write to it. Safe for use from many
// threads at once.
class FakeDisk {
 public:
  static constexpr std::uint64_t kUnlimited =
      std::numeric_limits<std::uint64_t>::max();

  FakeDisk() = default;
  explicit FakeDisk(Bytes content)
      : content_(std::move(content)), durable_(content_) {}

  // A file on `disk`.
  static std::unique_ptr<ReadWriteFile> open(std::shared_ptr<FakeDisk> disk);

  Bytes content() const;

  // Lets that many more bytes be written; the write that exceeds it writes as
  // far as it goes and fails with kNoSpace.
  void set_space(std::uint64_t size);
  // All further syncs fail with kIo, or none.
  void set_sync_fails(bool fails);

  // Calls of write_at, resize and sync so far.
  std::uint64_t change_count() const;
  std::uint64_t sync_count() const;

  // What a power cut now leaves: what was synced, and of each later write and
  // resize, in 512-byte sectors, whatever `random` chooses.
  Bytes after_power_cut(std::mt19937_64* random) const;

 private:
  friend class FakeReadWriteFile;

  struct Change {  // After the last sync.
    std::uint64_t offset = 0;
    Bytes bytes;
    bool is_resize = false;  // To `offset`.
  };

  static void apply(const Change& change, Bytes* content);
  void make(Change change) DAGFS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Bytes content_ DAGFS_GUARDED_BY(mutex_);
  Bytes durable_ DAGFS_GUARDED_BY(mutex_);
  std::vector<Change> changes_ DAGFS_GUARDED_BY(mutex_);
  std::uint64_t space_ DAGFS_GUARDED_BY(mutex_) = kUnlimited;
  bool sync_fails_ DAGFS_GUARDED_BY(mutex_) = false;
  std::uint64_t change_count_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t sync_count_ DAGFS_GUARDED_BY(mutex_) = 0;
};

}  // namespace dagfs::tests
