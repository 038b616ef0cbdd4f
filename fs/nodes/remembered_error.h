// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "car/base/error.h"
#include "car/base/mutex.h"

namespace dagfs::fs {

// The last thing that went wrong with a file: written by its open handles,
// shown as its attribute user.dagfs.error. Safe for use from many threads.
class RememberedError {
 public:
  RememberedError() = default;
  explicit RememberedError(std::string message)
      : message_(std::move(message)) {}

  void set(const Error& error) {
    const MutexLock lock(mutex_);
    message_ = error.message();
  }

  // Empty: nothing went wrong yet.
  std::string message() const {
    const MutexLock lock(mutex_);
    return message_;
  }

 private:
  mutable Mutex mutex_;
  std::string message_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
