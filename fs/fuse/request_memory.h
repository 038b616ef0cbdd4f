// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <vector>

#include "car/base/mutex.h"

namespace dagfs::fs {

// The memory in which requests come, in blocks of one size that libfuse
// allocates. A write's payload need not be copied: whoever wants it longer
// keeps the block, and the thread goes on with another. Blocks are used again,
// as the kernel has to clear fresh pages, which takes as long as a copy.
//
// Thread-safe; lives for as long as a block is shared.
class RequestMemory : public std::enable_shared_from_this<RequestMemory> {
 public:
  RequestMemory() = default;
  RequestMemory(const RequestMemory&) = delete;
  RequestMemory& operator=(const RequestMemory&) = delete;
  ~RequestMemory();

  // A block that has come back; null: libfuse has to allocate one.
  void* take() DAGFS_EXCLUDES(mutex_);
  // Owns `block` until the last copy is gone.
  std::shared_ptr<const void> share(void* block);

 private:
  void give_back(void* block) DAGFS_EXCLUDES(mutex_);

  Mutex mutex_;
  std::vector<void*> idle_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
