// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/section_span_queue.h"

namespace dagfs::car {

bool SectionSpanQueue::push(ByteRange span) {
  {
    const MutexLock lock(mutex_);
    while (!closed_ && spans_.size() >= count_max_) changed_.wait(mutex_);
    if (closed_) return false;
    spans_.push_back(span);
  }
  changed_.notify_all();
  return true;
}

std::optional<ByteRange> SectionSpanQueue::pop() {
  std::optional<ByteRange> span;
  {
    const MutexLock lock(mutex_);
    while (!closed_ && spans_.empty()) changed_.wait(mutex_);
    if (spans_.empty()) return std::nullopt;
    span = spans_.front();
    spans_.pop_front();
  }
  changed_.notify_all();
  return span;
}

void SectionSpanQueue::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void SectionSpanQueue::abandon() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    spans_.clear();
  }
  changed_.notify_all();
}

}  // namespace dagfs::car
