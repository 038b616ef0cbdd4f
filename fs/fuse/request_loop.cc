// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/request_loop.h"

#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "fs/fuse/blocked_signals.h"

namespace dagfs::fs {
namespace {

void install_wake_handler() {
  struct sigaction action = {};
  action.sa_handler = [](int /*signal*/) {};
  // Without SA_RESTART: the point is that read() gives up.
  ::sigaction(kWakeSignal, &action, nullptr);
}

}  // namespace

bool RequestLoop::start(std::shared_ptr<RequestSource> source) {
  install_wake_handler();
  source_ = source;
  {
    const MutexLock lock(mutex_);
    alive_ = limits_.readers_max;
    readers_ = limits_.readers_max;
  }
  bool is_started = false;
  for (unsigned i = 0; i < limits_.readers_max; ++i) {
    is_started |= spawn(source);
  }
  return is_started;
}

bool RequestLoop::spawn(std::shared_ptr<RequestSource> source) {
  const BlockedSignals blocked;
  try {
    // Detached: one that is stuck can never be joined. wait() counts instead.
    std::thread([self = shared_from_this(), source = std::move(source)] {
      ::pthread_setname_np(::pthread_self(), "dagfs-request");
      self->run(*source);
    }).detach();
    return true;
  } catch (const std::system_error&) {
    // The requests wait for the threads there are.
    const MutexLock lock(mutex_);
    --alive_;
    --readers_;
    changed_.notify_all();
    return false;
  }
}

void RequestLoop::run(RequestSource& source) {
  std::list<Thread>::iterator self;
  {
    const MutexLock lock(mutex_);
    self = threads_.insert(threads_.end(), {.handle = ::pthread_self()});
    self->is_reading = !is_stopping_;
    if (is_stopping_) --readers_;
  }
  const auto buffer = source.make_buffer();
  bool is_reading = self->is_reading;
  while (is_reading) {
    const auto received = source.receive(*buffer);
    end_reading(*self);
    if (received == RequestSource::Received::kEnd) break;
    if (received == RequestSource::Received::kRequest) source.process(*buffer);
    is_reading = begin_reading(*self);
  }
  const MutexLock lock(mutex_);
  threads_.erase(self);
  --alive_;
  changed_.notify_all();
}

bool RequestLoop::begin_reading(Thread& self) {
  const MutexLock lock(mutex_);
  if (!is_stopping_ && readers_ < limits_.readers_max) {
    ++readers_;
    self.is_reading = true;
    return true;
  }
  if (is_stopping_ || parked_ >= limits_.parked_max) return false;

  ++parked_;
  while (!is_stopping_ && called_ == 0) unpark_.wait(mutex_);
  --parked_;
  if (is_stopping_) return false;
  --called_;  // Counted in readers_ by whoever called.
  self.is_reading = true;
  return true;
}

void RequestLoop::end_reading(Thread& self) {
  const MutexLock lock(mutex_);
  --readers_;
  self.is_reading = false;
  if (is_stopping_) changed_.notify_all();
}

void RequestLoop::expect_to_wait() {
  {
    const MutexLock lock(mutex_);
    if (is_stopping_ || readers_ > 0) return;
    if (called_ < parked_) {
      ++called_;
      ++readers_;
      unpark_.notify_one();
      return;
    }
    if (alive_ >= limits_.threads_max) return;
    ++alive_;
    ++readers_;
  }
  if (auto source = source_.lock()) spawn(std::move(source));
}

void RequestLoop::stop() {
  const MutexLock lock(mutex_);
  is_stopping_ = true;
  unpark_.notify_all();
  const auto any_reading = [this]() DAGFS_REQUIRES(mutex_) {
    for (const Thread& thread : threads_) {
      if (thread.is_reading) return true;
    }
    return false;
  };
  while (any_reading()) {
    for (const Thread& thread : threads_) {
      if (thread.is_reading) ::pthread_kill(thread.handle, kWakeSignal);
    }
    // A signal that comes just before read() is lost: send it again.
    changed_.wait_for(mutex_, std::chrono::milliseconds(2));
  }
}

std::size_t RequestLoop::wait(std::chrono::nanoseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const MutexLock lock(mutex_);
  while (alive_ > 0) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) break;
    changed_.wait_for(mutex_, left);
  }
  return alive_;
}

std::size_t RequestLoop::threads() const {
  const MutexLock lock(mutex_);
  return alive_;
}

}  // namespace dagfs::fs
