// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/lane.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace dagfs::fs {

bool LaneScheduler::try_enter_locked(Lane& lane) {
  if (running_ >= running_max_ || lane.running_ >= lane.running_max_) {
    return false;
  }
  ++running_;
  ++lane.running_;
  return true;
}

bool LaneScheduler::try_enter(Lane& lane) {
  const MutexLock lock(mutex_);
  return try_enter_locked(lane);
}

void LaneScheduler::list_if_ready_locked(const std::shared_ptr<Lane>& lane) {
  if (lane->is_listed_ || lane->parked_.empty() ||
      lane->running_ >= lane->running_max_) {
    return;
  }
  lane->is_listed_ = true;
  ready_.push_back(lane);
}

std::unique_ptr<LaneWork> LaneScheduler::park(const std::shared_ptr<Lane>& lane,
                                              std::unique_ptr<LaneWork> work) {
  const MutexLock lock(mutex_);
  if (try_enter_locked(*lane)) return work;

  lane->parked_.push_back(std::move(work));
  ++parked_;
  list_if_ready_locked(lane);
  return nullptr;
}

std::unique_ptr<LaneWork> LaneScheduler::leave(std::shared_ptr<Lane>* lane) {
  const MutexLock lock(mutex_);
  --running_;
  --(*lane)->running_;
  list_if_ready_locked(*lane);

  while (!ready_.empty()) {
    const std::shared_ptr<Lane> next = std::move(ready_.front());
    ready_.pop_front();
    next->is_listed_ = false;
    // It may have been swept empty or filled up since it was listed.
    if (next->parked_.empty() || !try_enter_locked(*next)) continue;

    std::unique_ptr<LaneWork> work = std::move(next->parked_.front());
    next->parked_.pop_front();
    --parked_;
    list_if_ready_locked(next);
    *lane = next;
    return work;
  }
  return nullptr;
}

void LaneScheduler::sweep(Lane& lane) {
  // Destroyed after the lock is let go: work may hold the last reference to
  // anything.
  std::vector<std::unique_ptr<LaneWork>> swept;
  const MutexLock lock(mutex_);
  auto& parked = lane.parked_;
  const auto abandoned = std::stable_partition(
      parked.begin(), parked.end(),
      [](const auto& work) { return !work->is_abandoned(); });
  std::move(abandoned, parked.end(), std::back_inserter(swept));
  parked.erase(abandoned, parked.end());
  parked_ -= swept.size();
}

LaneScheduler::Load LaneScheduler::load() const {
  const MutexLock lock(mutex_);
  return {.running = running_, .parked = parked_};
}

}  // namespace dagfs::fs
