// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "car/base/mutex.h"

namespace dagfs::fs {

// What is open, under the numbers by which the kernel names it. Shared, as a
// request that was interrupted may still use what has been closed since; in a
// table, as nobody closes what is open when a mount ends. Thread-safe.
template <typename T>
class HandleTable {
 public:
  std::uint64_t add(std::shared_ptr<T> handle) {
    const MutexLock lock(mutex_);
    handles_.emplace(++last_, std::move(handle));
    return last_;
  }

  // Null: no such number.
  std::shared_ptr<T> find(std::uint64_t number) const {
    const MutexLock lock(mutex_);
    const auto found = handles_.find(number);
    return found == handles_.end() ? nullptr : found->second;
  }

  std::shared_ptr<T> remove(std::uint64_t number) {
    const MutexLock lock(mutex_);
    const auto found = handles_.find(number);
    if (found == handles_.end()) return nullptr;
    auto handle = std::move(found->second);
    handles_.erase(found);
    return handle;
  }

  void clear() {
    std::unordered_map<std::uint64_t, std::shared_ptr<T>> handles;
    const MutexLock lock(mutex_);
    handles.swap(handles_);
  }

 private:
  mutable Mutex mutex_;
  std::uint64_t last_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<T>> handles_
      DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
