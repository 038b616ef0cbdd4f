// SPDX-License-Identifier: Apache-2.0 OR MIT

// The options after `-o`, as mount(8) spells them.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"

namespace dagfs::tools {

struct MountOptions {
  bool allow_other = false;
  bool read_only = false;  // Without an inbox.
  bool nonempty = false;   // Cover a folder that has entries.
  bool passthrough = true;
  std::optional<uid_t> uid;  // Owner of everything shown.
  std::optional<gid_t> gid;
  std::string source;  // What df shows; empty: made from the repo's path.
};

// Reads lists such as "allow_other,uid=1000", the later ones winning.
// kInvalidArgument names the option that is not known or has a bad value.
Result<MountOptions> parse_mount_options(const std::vector<std::string>& lists);

}  // namespace dagfs::tools
