// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "tools/commands/car/dag_entry.h"

namespace dagfs::tools {

// "drwxr-xr-x", as `ls -l` has it; 0555 and 0444 where UnixFS says nothing,
// like in a mount. '?' is the type of what is missing or bad, 'n' that of a
// node that is not UnixFS.
std::string mode_text(const DagEntry& entry);

}  // namespace dagfs::tools
