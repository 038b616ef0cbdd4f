// SPDX-License-Identifier: Apache-2.0 OR MIT

// The program apart from its process: arguments in, streams and exit code out.

#pragma once

#include <string>
#include <vector>

#include "tools/commands/command_context.h"

namespace dagfs::tools {

struct CommandLine {
  std::vector<std::string> arguments;  // Without the program's name.
  std::string repo_default;  // Where --repo is not given; may be empty.
};

// Reads the arguments, does what they say and answers how the program ends.
// Nothing is thrown, whatever the arguments.
ExitCode run_command_line(const CommandLine& line, CommandContext& context);

}  // namespace dagfs::tools
