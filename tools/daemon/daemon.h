// SPDX-License-Identifier: Apache-2.0 OR MIT

// The process behind a mount: repo, FUSE session and RPC server put together.

#pragma once

#include <string>

#include "dagstore/ingest/inbox.h"
#include "tools/daemon/background.h"
#include "tools/daemon/mount_options.h"

namespace dagfs::tools {

enum class LogTarget : std::uint8_t { kStderr, kRepo };

struct DaemonOptions {
  std::string repo;        // Absolute.
  std::string mountpoint;  // As prepare_mountpoint answered.
  MountOptions mount;
  dagstore::InboxOptions inbox;
  bool debug = false;
  LogTarget log = LogTarget::kStderr;
};

// Opens the repo, mounts it, and serves both the mount and the repo's socket
// until it is unmounted or a signal says stop. Tells `reporter` once looking
// into the mount works, or why it never will; answers how the process ends.
ExitCode run_daemon(const DaemonOptions& options, StartReporter& reporter);

}  // namespace dagfs::tools
