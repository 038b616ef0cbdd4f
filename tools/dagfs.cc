// SPDX-License-Identifier: Apache-2.0 OR MIT

// The program: its process's streams and environment, handed to the commands.

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ostream>
#include <string>

#include "tools/commands/command_line.h"
#include "tools/commands/fd_output.h"
#include "tools/rpc/open_store.h"

namespace {

using dagfs::tools::CommandContext;
using dagfs::tools::ExitCode;
using dagfs::tools::FdOutput;

std::string environment(const char* name) {
  // One thread runs yet, and nobody changes the environment.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

std::string default_repo() {
  std::string repo = environment("DAGFS_REPO");
  if (!repo.empty()) return repo;
  const std::string home = environment("HOME");
  return home.empty() ? std::string() : home + "/.dagfs";
}

ExitCode finish(ExitCode code, FdOutput& output, CommandContext& context) {
  output.pubsync();
  // A reader that has seen enough is no failure to tell of.
  if (output.error() == 0 || output.error() == EPIPE) return code;
  return context.fail(
      dagfs::error_from_errno(output.error(), "standard output"));
}

}  // namespace

int main(int argc, char** argv) {
  FdOutput output(STDOUT_FILENO);
  FdOutput errors(STDERR_FILENO);
  std::ostream out(&output);
  std::ostream err(&errors);
  CommandContext context(out, err, [](const std::string& repo) {
    return dagfs::tools::open_store({.repo = repo});
  });
  context.set_interactive(::isatty(STDERR_FILENO) == 1);
  const ExitCode code = dagfs::tools::run_command_line(
      {.arguments = {argv + 1, argv + argc}, .repo_default = default_repo()},
      context);
  return static_cast<int>(finish(code, output, context));
}
