// SPDX-License-Identifier: Apache-2.0 OR MIT

// Going into the background with somebody waiting for the outcome.

#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "car/base/result.h"
#include "car/base/unique_fd.h"
#include "tools/commands/exit_code.h"

namespace dagfs::tools {

// How a start ended, if not well.
struct StartFailure {
  ExitCode code = ExitCode::kSoftware;
  std::string message;
};

// The daemon's end of the wait.
class StartReporter {
 public:
  StartReporter() = default;  // Nobody waits in another process.
  explicit StartReporter(UniqueFd pipe) : pipe_(std::move(pipe)) {}

  // Lets go of the terminal: standard input and outputs lead nowhere after
  // that, unless nobody waits.
  void ready();
  void failed(const StartFailure& failure);

  // What failed() was told before ready() was called, if it was.
  const std::optional<StartFailure>& failure() const { return failure_; }

 private:
  UniqueFd pipe_;
  bool is_ready_ = false;
  std::optional<StartFailure> failure_;
};

// Runs `daemon` in a child process of its own session, which ends with its
// result, and waits until it reports. nullopt: it is ready and goes on. Must be
// called before any thread was started.
using Daemon = std::function<ExitCode(StartReporter&)>;
std::optional<StartFailure> start_in_background(const Daemon& daemon);

}  // namespace dagfs::tools
