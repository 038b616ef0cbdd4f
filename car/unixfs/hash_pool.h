// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "car/base/mutex.h"

namespace dagfs::car {

// A few threads that hash what many files write, in the order in which they
// asked. It bounds the threads; whoever asks bounds what it has waiting, as
// LeafPipeline does. Safe for use from many threads at once.
class HashPool {
 public:
  using Task = std::function<void()>;

  // `thread_count` 0: as many as there are processors.
  explicit HashPool(std::size_t thread_count = 0);
  // Runs what waits, then ends the threads. No task may be added meanwhile.
  ~HashPool();

  HashPool(const HashPool&) = delete;
  HashPool& operator=(const HashPool&) = delete;

  // Has one of the threads run `task`, which must not wait for another task.
  void run(Task task);

  std::size_t thread_count() const { return threads_.size(); }

 private:
  void work();

  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<Task> tasks_ DAGFS_GUARDED_BY(mutex_);
  bool is_ending_ DAGFS_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

}  // namespace dagfs::car
