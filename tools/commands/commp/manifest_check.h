// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>
#include <vector>

#include "tools/commands/command_context.h"

namespace dagfs::tools {

struct ManifestCheckOptions {
  std::string manifest;
  std::vector<std::string> folders;
  std::string state;  // File; empty: beside the manifest.
  unsigned threads = 1;
  unsigned per_disk = 1;
  bool is_fresh = false;          // Nothing counts as hashed.
  bool is_extra_allowed = false;  // Files that are not listed are no fault.
};

// Prints what became of each file and each record of the list, and a table at
// the end. kBadData where anything is wrong.
Result<ExitCode> check_manifest(const ManifestCheckOptions& options,
                                CommandContext& context);

}  // namespace dagfs::tools
