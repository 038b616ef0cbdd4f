// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the system says of a mount point, and how to be rid of what is on it.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::fs {

// How our mounts are called in /proc/self/mountinfo.
inline constexpr std::string_view kFileSystemType = "fuse.dagfs";

// One line of mountinfo.
struct MountEntry {
  std::string device;  // "MAJOR:MINOR".
  std::string type;
  std::string source;
};

// The topmost mount on `path` according to `mountinfo`, the text of
// /proc/self/mountinfo; nullopt where nothing is mounted there. Lines that
// cannot be understood are passed over.
std::optional<MountEntry> find_mount(std::string_view mountinfo,
                                     std::string_view path);

// The same for the mount table of this process. kIo.
Result<std::optional<MountEntry>> find_mount_on(const std::string& path);

// `path` without links, dots and double slashes, its last component left as it
// is: looking at a mount point that is dead or not served yet would fail or
// wait. kNotFound, kIo.
Result<std::string> resolve_mount_point(const std::string& path);

// Takes the topmost mount off `path`, even if it is in use. kIo.
Status unmount_lazily(const std::string& path);

// Removes what a daemon that died left mounted on `path`: mounts of our type
// that answer nothing any more. Anything else there is left alone. kIo: it is
// there and cannot be removed.
Status replace_stale_mount(const std::string& path);

}  // namespace dagfs::fs
