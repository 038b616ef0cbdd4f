// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/dagstore.h"
#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

Result<ExitCode> init(const NoOptions& /*options*/, CommandContext& context) {
  if (const auto failed = context.fail_without_repo()) return *failed;
  const Status created = dagstore::Dagstore::create(context.repo());
  if (!created.ok()) {
    const ErrorCode reason = created.error().code();
    const bool refused =
        reason == ErrorCode::kIo || reason == ErrorCode::kNoSpace;
    const ExitCode code =
        refused ? ExitCode::kCannotCreate : exit_code_from(reason);
    return context.fail(code, created.error().message());
  }
  if (context.json()) {
    context.print_json(Json{{"repo", context.repo()}});
  } else {
    context.print(printable(context.repo()));
  }
  return ExitCode::kOk;
}

}  // namespace

void add_init(CLI::App& program, Selection* selected) {
  auto options = std::make_shared<NoOptions>();
  CLI::App* command =
      add_command(program, "init",
                  {.what = "Make an empty repo and print its folder",
                   .when = "once, before the first CAR is registered",
                   .example = "dagfs --repo /srv/dagstore init"});
  command->add_flag("--json", selected->json, "Print JSON");
  select(command, selected, options, init);
}

}  // namespace dagfs::tools
