// SPDX-License-Identifier: Apache-2.0 OR MIT

// How the program ends, in the numbers of sysexits.h. docs/cli.md has the
// table.

#pragma once

#include "car/base/error.h"

namespace dagfs::tools {

enum class ExitCode : int {
  kOk = 0,
  kUsage = 64,          // Wrong options or arguments.
  kBadData = 65,        // The input is there and is wrong.
  kNoInput = 66,        // The input is not there or cannot be opened.
  kUnavailable = 69,    // Something we lack: a codec, a hash, memory.
  kSoftware = 70,       // A bug of ours.
  kCannotCreate = 73,   // Output cannot be created.
  kIo = 74,             // The operating system said no half-way.
  kTemporary = 75,      // Trying again later may help.
  kNoPermission = 77,   // Not for this user.
  kConfiguration = 78,  // No repo, or one that is not as it must be.
};

// What an Error means where the command knows nothing more of it.
ExitCode exit_code_from(ErrorCode code);

}  // namespace dagfs::tools
