// SPDX-License-Identifier: Apache-2.0 OR MIT

// A mutex the compiler understands. libstdc++ leaves std::mutex unannotated, so
// clang's -Wthread-safety cannot see it; this wrapper is all it needs.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DAGFS_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DAGFS_THREAD_ATTRIBUTE(x)
#endif

#define DAGFS_GUARDED_BY(mutex) DAGFS_THREAD_ATTRIBUTE(guarded_by(mutex))
#define DAGFS_REQUIRES(mutex) DAGFS_THREAD_ATTRIBUTE(requires_capability(mutex))
#define DAGFS_EXCLUDES(mutex) DAGFS_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace dagfs {

class DAGFS_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() DAGFS_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() DAGFS_THREAD_ATTRIBUTE(release_capability()) {
    mutex_.unlock();
  }

 private:
  friend class ConditionVariable;

  std::mutex mutex_;
};

class DAGFS_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex)
      DAGFS_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() DAGFS_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// std::condition_variable for Mutex. Wait in a loop that tests the condition:
// wake-ups may be spurious.
class ConditionVariable {
 public:
  void wait(Mutex& mutex) DAGFS_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();  // The caller's MutexLock still owns it.
  }

  // False when `timeout` passed without a wake-up.
  bool wait_for(Mutex& mutex, std::chrono::nanoseconds timeout)
      DAGFS_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_for(lock, timeout);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace dagfs
