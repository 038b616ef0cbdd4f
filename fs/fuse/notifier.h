// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <fuse_lowlevel.h>

#include <chrono>
#include <optional>
#include <unordered_set>

#include "car/base/mutex.h"
#include "fs/inode_table.h"

namespace dagfs::fs {

// Tells the kernel what it should not believe any longer. On a thread of its
// own, as the kernel takes locks for it that a request may hold for which it
// waits in turn. Thread-safe.
class Notifier {
 public:
  Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Has the kernel drop the pages it cached of `inode`. Never waits.
  void drop_pages(NodeId inode) DAGFS_EXCLUDES(mutex_);

  // Sends what is asked until stop(). Meant to be a thread's work; `session`
  // must stay mounted meanwhile.
  void run(fuse_session* session) DAGFS_EXCLUDES(mutex_);
  // Waits for run() to return, at most for `timeout`: the kernel may hold it
  // up.
  void stop(std::chrono::nanoseconds timeout) DAGFS_EXCLUDES(mutex_);

 private:
  // Waits for something to send; nullopt: it is time to end.
  std::optional<NodeId> next() DAGFS_EXCLUDES(mutex_);

  Mutex mutex_;
  ConditionVariable changed_;
  bool is_stopping_ DAGFS_GUARDED_BY(mutex_) = false;
  bool is_running_ DAGFS_GUARDED_BY(mutex_) = false;
  // Bounded by the number of inodes that are being read.
  std::unordered_set<NodeId> waiting_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
