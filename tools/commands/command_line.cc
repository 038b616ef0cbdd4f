// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/command_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "tools/commands/commands.h"
#include "tools/commands/text.h"
#include "tools/version.h"

namespace dagfs::tools {
namespace {

void add_commands(CLI::App& program, Selection* selected) {
  add_init(program, selected);
  add_register(program, selected);
  add_mount(program, selected);
  add_umount(program, selected);
  add_commp(program, selected);
  add_ingest(program, selected);

  CLI::App* migrate = add_command(
      program, "migrate",
      {.what = "Take over the pieces of a storage provider's repo",
       .when = "Lotus or Boost already has what you want to look into; "
               "nothing is written there, and it may be running",
       .example = "dagfs migrate lotus ~/.lotusminer"});
  migrate->require_subcommand(1);
  add_migrate_lotus(*migrate, selected);
  add_migrate_boost(*migrate, selected);

  CLI::App* inbox = add_command(
      program, "inbox",
      {.what = "Look after what was written to the mount's inbox/",
       .when = "something there has not become a shard yet, or failed to",
       .example = "dagfs inbox ls"});
  inbox->require_subcommand(1);
  add_inbox_list(*inbox, selected);
  add_inbox_seal(*inbox, selected);
  add_inbox_retry(*inbox, selected);
  add_inbox_remove(*inbox, selected);

  CLI::App* shard =
      add_command(program, "shard",
                  {.what = "Look at the registered shards and manage them",
                   .when = "CARs have been registered",
                   .example = "dagfs shard list"});
  shard->require_subcommand(1);
  add_shard_list(*shard, selected);
  add_shard_info(*shard, selected);
  add_shard_destroy(*shard, selected);
  add_shard_verify(*shard, selected);

  CLI::App* car =
      add_command(program, "car",
                  {.what = "Work with CAR files by themselves, without a repo",
                   .when = "a CAR is not, or not yet, registered",
                   .example = "dagfs car ls archive.car"});
  car->require_subcommand(1);
  add_car_inspect(*car, selected);
  add_car_ls(*car, selected);
  add_car_cat(*car, selected);
  add_car_verify(*car, selected);
  add_car_index(*car, selected);
  add_car_extract(*car, selected);
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

// Where the arguments ask for help or the version, or are wrong.
ExitCode end_parsing(const CLI::App& program, const CLI::ParseError& error,
                     CommandContext& context) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = program.exit(error, out, err);
  context.out() << out.str();
  if (code == 0) return ExitCode::kOk;
  // A command that does not exist is told as one that is missing.
  const std::vector<std::string> unknown = program.remaining(true);
  const bool is_unknown_command =
      error.get_name() == "RequiredError" && !unknown.empty();
  return context.fail(
      ExitCode::kUsage,
      (is_unknown_command ? unknown.front() + ": no such command or option"
                          : first_line(error.what())) +
          " (try --help)");
}

// Against the current folder; nothing else about it is looked at. None stays
// none: not every command needs a repo.
Result<std::string> absolute_repo(const std::string& repo) {
  if (repo.empty()) return repo;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(repo, error);
  if (error) return error_from_errno(error.value(), repo);
  return path.string();
}

ExitCode perform(const Action& action, CommandContext& context) {
  const Result<ExitCode> result = action(context);
  const ExitCode code = result.ok() ? *result : context.fail(result.error());
  context.out().flush();
  return code;
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name,
                      const CommandHelp& help) {
  CLI::App* command = parent.add_subcommand(name, help.what);
  command->footer("When: " + help.when + ".\nExample: " + help.example);
  return command;
}

ExitCode run_command_line(const CommandLine& line, CommandContext& context) {
  CLI::App program("Mounts a Filecoin dagstore as a file system.", "dagfs");
  program.footer(
      "When: you have CAR files and want to look inside.\n"
      "Example: dagfs init && dagfs register a.car && dagfs mount /mnt");
  program.set_version_flag("--version", std::string("dagfs ") + kVersion);
  program.require_subcommand(1);
  std::string repo = line.repo_default;
  program.add_option("--repo", repo, "Folder of the repo")
      ->type_name("DIR")
      ->default_str("$DAGFS_REPO or ~/.dagfs");

  Selection selected;
  program.add_flag("--json", selected.json,
                   "Print JSON, one document a line, where there is output");
  add_commands(program, &selected);
  // The parser takes its arguments from the back.
  std::vector<std::string> arguments(line.arguments.rbegin(),
                                     line.arguments.rend());
  try {
    program.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return end_parsing(program, error, context);
  }

  Result<std::string> absolute = absolute_repo(repo);
  if (!absolute.ok()) return context.fail(absolute.error());
  context.set_repo(std::move(absolute).value());
  context.set_json(selected.json);
  return perform(selected.action, context);
}

}  // namespace dagfs::tools
