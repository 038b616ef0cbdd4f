// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/notifier.h"

namespace dagfs::fs {

void Notifier::drop_pages(NodeId inode) {
  const MutexLock lock(mutex_);
  waiting_.insert(inode);
  changed_.notify_one();
}

std::optional<NodeId> Notifier::next() {
  const MutexLock lock(mutex_);
  is_running_ = true;
  while (waiting_.empty() && !is_stopping_) changed_.wait(mutex_);
  if (is_stopping_) {
    is_running_ = false;
    changed_.notify_all();
    return std::nullopt;
  }
  const NodeId inode = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  return inode;
}

void Notifier::run(fuse_session* session) {
  while (const auto inode = next()) {
    // Offset and length of 0: all of it. That the kernel does not know the
    // inode any more is as good.
    fuse_lowlevel_notify_inval_inode(session, static_cast<fuse_ino_t>(*inode),
                                     0, 0);
  }
}

void Notifier::stop(std::chrono::nanoseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const MutexLock lock(mutex_);
  is_stopping_ = true;
  changed_.notify_all();
  while (is_running_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) return;
    changed_.wait_for(mutex_, left);
  }
}

}  // namespace dagfs::fs
