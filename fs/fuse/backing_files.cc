// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/backing_files.h"

#include <utility>

namespace dagfs::fs {

std::optional<std::int32_t> BackingFiles::open(NodeId inode, int fd) {
  if (!device_.has_passthrough()) return std::nullopt;

  // Held across an ioctl that only takes a reference in the kernel: a second
  // open must not decide before the first has.
  const MutexLock lock(mutex_);
  Inode& state = inodes_[inode];
  if (state.opens++ > 0 || fd < 0) return state.backing;

  auto registered = device_.open_backing(fd);
  if (registered.ok()) state.backing = *registered;
  return state.backing;
}

void BackingFiles::close(NodeId inode) {
  std::optional<std::int32_t> unused;
  {
    const MutexLock lock(mutex_);
    const auto found = inodes_.find(inode);
    if (found == inodes_.end() || --found->second.opens > 0) return;
    unused = found->second.backing;
    inodes_.erase(found);
  }
  if (unused) device_.close_backing(*unused);
}

}  // namespace dagfs::fs
