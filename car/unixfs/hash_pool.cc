// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/hash_pool.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace dagfs::car {

HashPool::HashPool(std::size_t thread_count) {
  if (thread_count == 0) {
    thread_count = std::max(1U, std::thread::hardware_concurrency());
  }
  threads_.reserve(thread_count);
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

HashPool::~HashPool() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

void HashPool::run(Task task) {
  const MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  changed_.notify_one();
}

void HashPool::work() {
  pthread_setname_np(pthread_self(), "dagfs-hash");
  while (true) {
    Task task;
    {
      const MutexLock lock(mutex_);
      while (tasks_.empty() && !is_ending_) changed_.wait(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace dagfs::car
