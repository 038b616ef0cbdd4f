// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where work for the same slow thing queues up, so that a shard whose disk
// hangs takes a few threads and no more.

#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "car/base/mutex.h"

namespace dagfs::fs {

// Enough to keep one disk's queue filled; small beside the threads of a mount,
// so that it takes many hung lanes to use those up.
inline constexpr unsigned kLaneRunningMax = 8;

// Work that waits for its turn, with all it needs to do it.
class LaneWork {
 public:
  LaneWork() = default;
  LaneWork(const LaneWork&) = delete;
  LaneWork& operator=(const LaneWork&) = delete;
  virtual ~LaneWork() = default;

  // Called once at most, on some thread, without a lock; may wait.
  virtual void run() = 0;
  // Nobody waits for the outcome any more.
  virtual bool is_abandoned() const { return false; }
};

// One per shard, shared by its nodes, and used with one LaneScheduler only,
// whose lock guards it.
class Lane {
 public:
  explicit Lane(unsigned running_max = kLaneRunningMax)
      : running_max_(running_max) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

 private:
  friend class LaneScheduler;

  const unsigned running_max_;
  unsigned running_ = 0;
  bool is_listed_ = false;  // In LaneScheduler::ready_.
  // Bounded by the callers: each piece of work stands for a process that the
  // kernel keeps waiting, or for read-ahead that the kernel limits.
  std::deque<std::unique_ptr<LaneWork>> parked_;
};

// Decides what runs now. Does not own threads: work that has to wait is run by
// a thread that finishes something else. Thread-safe.
class LaneScheduler {
 public:
  // `running_max` bounds what runs in all lanes together; at least 1.
  explicit LaneScheduler(unsigned running_max) : running_max_(running_max) {}

  // Takes a place in `lane`. False where none is free.
  bool try_enter(Lane& lane) DAGFS_EXCLUDES(mutex_);

  // Keeps `work` until a place in `lane` is free. Should one be free by now, it
  // is taken and `work` handed back, to be run by the caller.
  std::unique_ptr<LaneWork> park(const std::shared_ptr<Lane>& lane,
                                 std::unique_ptr<LaneWork> work)
      DAGFS_EXCLUDES(mutex_);

  // Gives back the place in `*lane`. Where parked work can run now, its place
  // is taken, `*lane` becomes its lane, and the caller must run it and leave
  // again; else null.
  std::unique_ptr<LaneWork> leave(std::shared_ptr<Lane>* lane)
      DAGFS_EXCLUDES(mutex_);

  // Drops the abandoned work that is parked in `lane`.
  void sweep(Lane& lane) DAGFS_EXCLUDES(mutex_);

  // Work running and parked in all lanes.
  struct Load {
    std::size_t running = 0;
    std::size_t parked = 0;
  };
  Load load() const DAGFS_EXCLUDES(mutex_);

 private:
  bool try_enter_locked(Lane& lane) DAGFS_REQUIRES(mutex_);
  void list_if_ready_locked(const std::shared_ptr<Lane>& lane)
      DAGFS_REQUIRES(mutex_);

  const unsigned running_max_;  // Constant after construction.

  mutable Mutex mutex_;
  std::size_t running_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::size_t parked_ DAGFS_GUARDED_BY(mutex_) = 0;
  // Lanes that have parked work and room for it, first come first served. Only
  // filled while running_max_ pieces of work run.
  std::deque<std::shared_ptr<Lane>> ready_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
