// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <pthread.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "car/base/mutex.h"

namespace dagfs::fs {

// Where requests come from and what becomes of them. Thread-safe.
class RequestSource {
 public:
  enum class Received : std::uint8_t {
    kRequest,
    kNothing,  // Ask again.
    kEnd,      // There will be no more.
  };

  // A request as it came, with its memory; one a thread.
  class Buffer {
   public:
    virtual ~Buffer() = default;
  };

  virtual ~RequestSource() = default;

  virtual std::unique_ptr<Buffer> make_buffer() = 0;
  // Waits for a request. A signal to the waiting thread must end the wait.
  virtual Received receive(Buffer& buffer) = 0;
  // Must not throw.
  virtual void process(Buffer& buffer) = 0;
};

// Threads that take turns in waiting for requests: whoever gets one works on it
// itself, since handing it to another thread costs more than most requests do.
// About two wait at a time; the others are at work or parked, as every
// additional waiting thread makes the kernel wake a colder one.
//
// A thread may be stuck in a request for ever. It keeps alive what it uses, so
// that the loop can be given up without it.
class RequestLoop : public std::enable_shared_from_this<RequestLoop> {
 public:
  struct Limits {
    unsigned readers_max = 2;
    // Each has a stack and a buffer of which it touches a few pages.
    unsigned threads_max = 136;
    unsigned parked_max = 4;
  };

  explicit RequestLoop(Limits limits) : limits_(limits) {}
  RequestLoop(const RequestLoop&) = delete;
  RequestLoop& operator=(const RequestLoop&) = delete;

  // Starts serving. `source` lives as long as the last thread. False: no
  // thread could be started.
  bool start(std::shared_ptr<RequestSource> source) DAGFS_EXCLUDES(mutex_);

  // To be called by a thread before it does what may take long: makes sure that
  // another one waits for requests.
  void expect_to_wait() DAGFS_EXCLUDES(mutex_);

  // Has all threads finish what they are doing and then end. Returns when none
  // waits for requests any more.
  void stop() DAGFS_EXCLUDES(mutex_);

  // Waits for all threads to end, at most for `timeout`; how many have not.
  std::size_t wait(std::chrono::nanoseconds timeout) DAGFS_EXCLUDES(mutex_);

  std::size_t threads() const DAGFS_EXCLUDES(mutex_);

 private:
  struct Thread {
    pthread_t handle = {};
    bool is_reading = false;
  };

  // Starts a thread that has already been counted as alive and as a reader.
  bool spawn(std::shared_ptr<RequestSource> source) DAGFS_EXCLUDES(mutex_);
  void run(RequestSource& source) DAGFS_EXCLUDES(mutex_);
  // False: the thread is not needed any more.
  bool begin_reading(Thread& self) DAGFS_EXCLUDES(mutex_);
  void end_reading(Thread& self) DAGFS_EXCLUDES(mutex_);

  const Limits limits_;
  std::weak_ptr<RequestSource> source_;  // Constant after start().

  mutable Mutex mutex_;
  ConditionVariable unpark_;
  ConditionVariable changed_;  // Fewer threads read, or fewer live.
  bool is_stopping_ DAGFS_GUARDED_BY(mutex_) = false;
  std::size_t alive_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::size_t parked_ DAGFS_GUARDED_BY(mutex_) = 0;
  // Threads that wait for requests or have been told to.
  std::size_t readers_ DAGFS_GUARDED_BY(mutex_) = 0;
  // Parked threads told to read that have not woken up yet; part of readers_.
  std::size_t called_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::list<Thread> threads_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
