// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/request_memory.h"

#include <cstdlib>

namespace dagfs::fs {
namespace {

// Of a megabyte each: as many as one stream of writes has on the way when it is
// worked on elsewhere.
constexpr std::size_t kIdleBlocksMax = 16;

}  // namespace

RequestMemory::~RequestMemory() {
  for (void* block : idle_) std::free(block);
}

void* RequestMemory::take() {
  const MutexLock lock(mutex_);
  if (idle_.empty()) return nullptr;
  // The last one: it is the one that processors have in their caches.
  void* block = idle_.back();
  idle_.pop_back();
  return block;
}

std::shared_ptr<const void> RequestMemory::share(void* block) {
  return {block, [self = shared_from_this()](void* unused) {
            self->give_back(unused);
          }};
}

void RequestMemory::give_back(void* block) {
  {
    const MutexLock lock(mutex_);
    if (idle_.size() < kIdleBlocksMax) {
      idle_.push_back(block);
      return;
    }
  }
  std::free(block);
}

}  // namespace dagfs::fs
