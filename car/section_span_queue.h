// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "car/base/bytes.h"
#include "car/base/mutex.h"

namespace dagfs::car {

// Hands stretches of whole sections from the thread that walks a CAR to those
// that hash. Bounded, so that the walk stays just ahead and what it read is
// still in the page cache. Safe for use from many threads at once.
class SectionSpanQueue {
 public:
  explicit SectionSpanQueue(std::size_t count_max) : count_max_(count_max) {}

  // Waits while the queue is full. False once it is closed: `span` is dropped.
  bool push(ByteRange span);

  // Waits for a span; nullopt once the queue is closed and empty.
  std::optional<ByteRange> pop();

  // No more spans are taken in; those inside can still be popped.
  void close();

  // Closes and drops what is inside: somebody failed.
  void abandon();

 private:
  const std::size_t count_max_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<ByteRange> spans_ DAGFS_GUARDED_BY(mutex_);
  bool closed_ DAGFS_GUARDED_BY(mutex_) = false;
};

}  // namespace dagfs::car
