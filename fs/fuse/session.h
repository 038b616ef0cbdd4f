// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "car/base/result.h"
#include "fs/node.h"
#include "fs/request_counters.h"

namespace dagfs::fs {

class SessionCore;

struct SessionOptions {
  std::string mountpoint;
  // What /proc/mounts shows as the device, such as "dagfs:/srv/repo".
  std::string source = "dagfs";
  // Owner of everything shown.
  uid_t uid = ::getuid();
  gid_t gid = ::getgid();
  // Users other than the one who mounts may look; needs user_allow_other in
  // /etc/fuse.conf where that is not root.
  bool allow_other = false;
  bool read_only = false;
  bool debug = false;  // Every request on stderr.
  // Have the kernel read backing files by itself where it can.
  bool passthrough = true;
  // Let files that bypass the page cache be mapped shared where the kernel can
  // do that (Linux 6.6). Elsewhere files that are written are cached.
  bool direct_mmap = true;
  // Answer requests of this very process too. For tests: a thread of ours that
  // looks into the mount may wait for itself.
  bool serve_own_process = false;
  // For statfs; must not wait. Empty: zeros.
  std::function<Usage()> usage;
  std::shared_ptr<RequestCounters> counters =
      std::make_shared<RequestCounters>();
};

// A mounted file system. Unmounts when it ends. One thread owns it; only
// request_stop() may be called by others.
class FuseSession {
 public:
  // Mounts `root`, a directory. Starts no thread, so that the process may still
  // fork; whoever looks into the mount waits until serve() runs.
  //
  // kInvalidArgument: an option that libfuse refuses. kNotFound: no such
  // directory. kIo: the system refuses to mount.
  static Result<FuseSession> mount(SessionOptions options, NodePtr root);

  FuseSession(FuseSession&&) noexcept;
  FuseSession& operator=(FuseSession&&) = delete;
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;
  ~FuseSession();

  // What was left when a session ended.
  struct Remains {
    // Requests that ran longer than the end could wait; answered with EIO.
    std::size_t requests = 0;
    // Threads still stuck in them. They keep alive what they use, and end when
    // they come back; exit the process with _exit() while there are any.
    std::size_t threads = 0;
  };

  // Answers requests until the file system is unmounted from outside or
  // request_stop() is called, and has then unmounted it. Returns within a few
  // seconds then, whatever the requests hang on. Call once.
  //
  // kExhausted: no thread could be started.
  Result<Remains> serve();

  // Makes serve() return soon, now or when it is called. May be called by any
  // thread and from a signal handler.
  void request_stop() const noexcept;

 private:
  explicit FuseSession(std::shared_ptr<SessionCore> core);

  std::shared_ptr<SessionCore> core_;
};

}  // namespace dagfs::fs
