// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::tools {

// Turns SIGTERM, SIGINT and SIGHUP into calls on a thread of its own.
class StopSignals {
 public:
  // Keeps the signals from ending the process; before any thread is started,
  // as threads inherit what is blocked.
  static void block();

  // Starts the thread; block() was called. `stop` is told how often a signal
  // came, 1 the first time.
  static Result<std::unique_ptr<StopSignals>> watch(
      std::function<void(int count)> stop);

  // Waits for a call of `stop` that is under way.
  ~StopSignals();

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  StopSignals(UniqueFd signals, UniqueFd end, std::function<void(int)> stop)
      : signals_(std::move(signals)),
        end_(std::move(end)),
        stop_(std::move(stop)) {}

  void run();

  const UniqueFd signals_;  // A signalfd.
  const UniqueFd end_;      // An eventfd, readable once the thread shall end.
  const std::function<void(int)> stop_;
  std::thread thread_;
};

}  // namespace dagfs::tools
