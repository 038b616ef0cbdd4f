// SPDX-License-Identifier: Apache-2.0 OR MIT

// Taking a mount away, by root or by the user who mounted it.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::tools {

enum class Unmount : std::uint8_t { kIfUnused, kLazily };

// kUnavailable: files in it are in use. kIo: not allowed, or fusermount3 is
// missing; the message says.
Status unmount(const std::string& path, Unmount how);

// The process that serves a mount, to see it end.
class DaemonProcess {
 public:
  // `source` is what the mount table shows for `mountpoint`: "dagfs:REPO"
  // unless the user chose it; then the daemon of `repo` is asked.
  static DaemonProcess find(const std::string& source,
                            const std::string& mountpoint,
                            const std::string& repo);

  // True once it has ended, or where it could not be found. Waits for a bounded
  // time.
  bool wait_for_end() const;

  pid_t pid() const { return pid_; }

 private:
  static DaemonProcess of_repo(const std::string& repo,
                               const std::string& mountpoint);

  pid_t pid_ = 0;
  UniqueFd process_;  // A pidfd, so that a number that is used again does not
                      // mislead.
};

}  // namespace dagfs::tools
