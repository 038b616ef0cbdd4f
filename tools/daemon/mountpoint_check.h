// SPDX-License-Identifier: Apache-2.0 OR MIT

// What may be mounted where.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"

namespace dagfs::tools {

// Whether `path` is `folder` or lies in it. Both absolute and without links.
bool lies_in(std::string_view path, std::string_view folder);

// `path` as the mount will be known: absolute, without links. Removes what a
// daemon that died left mounted there.
//
// kNotFound: no such folder. kInvalidArgument: no folder, or one with entries
// where `nonempty` is false. kUnavailable: a live dagfs is mounted there. kIo.
Result<std::string> prepare_mountpoint(const std::string& path, bool nonempty);

// A mount there must not cover what the daemon itself reads, or it would wait
// for itself. kInvalidArgument: the mountpoint lies in the repo or the repo in
// the mountpoint. All paths without links.
Status check_apart_from_repo(const std::string& mountpoint,
                             const std::string& repo);

// The same for folders with registered files; links in them are followed, and
// folders that are not there are passed over.
Status check_apart_from_files(const std::string& mountpoint,
                              const std::vector<std::string>& folders);

}  // namespace dagfs::tools
