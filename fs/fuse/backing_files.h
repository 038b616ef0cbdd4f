// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "car/base/mutex.h"
#include "fs/fuse/device_io.h"
#include "fs/inode_table.h"

namespace dagfs::fs {

// Which inodes the kernel reads by itself. It wants all opens of an inode that
// overlap to be of one kind, and fails later ones with EIO otherwise: so the
// first open decides, and holds until the last is closed. Thread-safe.
class BackingFiles {
 public:
  // `device` must outlive this.
  explicit BackingFiles(DeviceIo& device) : device_(device) {}

  // Counts an open of `inode`; `fd` is the file behind it, or -1 where there is
  // none. The kernel's number for the backing file, or nullopt where this open
  // has to be an ordinary one. Either way close() must follow.
  std::optional<std::int32_t> open(NodeId inode, int fd) DAGFS_EXCLUDES(mutex_);
  void close(NodeId inode) DAGFS_EXCLUDES(mutex_);

 private:
  struct Inode {
    std::size_t opens = 0;
    std::optional<std::int32_t> backing;
  };

  DeviceIo& device_;
  Mutex mutex_;
  std::unordered_map<NodeId, Inode> inodes_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
