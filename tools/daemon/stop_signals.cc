// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace dagfs::tools {
namespace {

sigset_t stop_set() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  return set;
}

}  // namespace

void StopSignals::block() {
  const sigset_t set = stop_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Result<std::unique_ptr<StopSignals>> StopSignals::watch(
    std::function<void(int count)> stop) {
  const sigset_t set = stop_set();
  UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  UniqueFd end(::eventfd(0, EFD_CLOEXEC));
  if (!signals || !end) return error_from_errno(errno, "watch for signals");
  std::unique_ptr<StopSignals> watcher(
      new StopSignals(std::move(signals), std::move(end), std::move(stop)));
  watcher->thread_ = std::thread([self = watcher.get()] { self->run(); });
  return watcher;
}

StopSignals::~StopSignals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      ::write(end_.get(), &one, sizeof(one));
  thread_.join();
}

void StopSignals::run() {
  int count = 0;
  while (true) {
    std::array<pollfd, 2> waits = {pollfd{signals_.get(), POLLIN, 0},
                                   pollfd{end_.get(), POLLIN, 0}};
    ::poll(waits.data(), waits.size(), -1);
    if (waits[1].revents != 0) return;
    signalfd_siginfo info = {};
    if (::read(signals_.get(), &info, sizeof(info)) ==
        static_cast<ssize_t>(sizeof(info))) {
      stop_(++count);
    }
  }
}

}  // namespace dagfs::tools
