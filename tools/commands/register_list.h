// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "tools/commands/command_context.h"

namespace dagfs::tools {

// Registers what the lines of the file `path` name, "-" for standard input, in
// batches of one durable commit each, and prints counts. Lines that cannot be
// registered are told with their numbers and stepped over; shards that are
// there with the same URL are counted, so that a list that was interrupted can
// be given again. Memory is that of a batch.
Result<ExitCode> register_list(const std::string& path,
                               CommandContext& context);

}  // namespace dagfs::tools
