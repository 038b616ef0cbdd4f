// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "car/base/result.h"

namespace dagfs::tools {

inline constexpr char kLogName[] = "dagfs.log";

// Where the process's log goes from here on: to standard error, or to a file
// in the repo that is renamed to dagfs.1.log when it has grown to its limit.
// kIo: it cannot be opened.
Status log_to_stderr();
Status log_to_repo(const std::string& repo);

}  // namespace dagfs::tools
