// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <csignal>

namespace dagfs::fs {

// Ends a thread's wait in read(). Ignored by default, so that one sent by
// somebody else does no harm; sent to single threads only.
inline constexpr int kWakeSignal = SIGURG;

// While it lives, threads that are started block all signals but kWakeSignal:
// signals are for the owner of the process, and would only disturb requests.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t blocked;
    ::sigfillset(&blocked);
    // Faults must stay deliverable to the thread that makes them.
    for (const int let_through :
         {kWakeSignal, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
      ::sigdelset(&blocked, let_through);
    }
    ::pthread_sigmask(SIG_SETMASK, &blocked, &former_);
  }
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &former_, nullptr); }

  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t former_ = {};
};

}  // namespace dagfs::fs
