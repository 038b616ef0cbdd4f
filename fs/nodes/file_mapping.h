// SPDX-License-Identifier: Apache-2.0 OR MIT

// Backing files mapped into memory, so that replies can name their bytes
// instead of copying them.

#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/mutex.h"
#include "dagstore/dagstore.h"

namespace dagfs::fs {

// A whole file, mapped for reading. Nothing here or above touches its bytes:
// where the file was cut short that is a SIGBUS in user space, and only an
// error in the kernel. Immutable; any thread.
class FileMapping {
 public:
  // Null where the file has no plain descriptor or cannot be mapped: callers
  // read it instead.
  static std::shared_ptr<const FileMapping> map(const RandomAccessFile& file);

  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  // For the kernel only. Asserts that `range` is inside the file as it was when
  // it was mapped.
  iovec at(ByteRange range) const;

 private:
  FileMapping(void* start, std::uint64_t size) : start_(start), size_(size) {}

  void* start_;
  std::uint64_t size_;
};

// One mapping for all handles of a shard. Safe for use from many threads.
class ShardMappings {
 public:
  // The piece of `shard` mapped, or null as FileMapping::map.
  std::shared_ptr<const FileMapping> of(const dagstore::OpenShard& shard);

 private:
  Mutex mutex_;
  // By generation. Holds nothing alive: the handles do.
  std::map<std::uint64_t, std::weak_ptr<const FileMapping>> mappings_
      DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
