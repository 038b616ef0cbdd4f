// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

#include "tools/commands/commands.h"
#include "tools/commands/text.h"
#include "tools/rpc/store_json.h"

namespace dagfs::tools {
namespace {

struct MigrateOptions {
  std::string kind;
  std::string path;
  bool is_dry_run = false;
};

// Without symbolic links, so that a repo is the same by whatever name.
Result<std::string> existing_folder(const std::string& path) {
  std::error_code failure;
  const auto found = std::filesystem::canonical(path, failure);
  if (!failure) return found.string();
  return Error(ErrorCode::kNotFound, path + ": " + failure.message());
}

void print_record(const MigratedRecord& record, CommandContext& context) {
  context.show_progress("");
  if (context.json()) return context.print_json(to_json(record));
  const std::string& last = record.why.empty() ? record.url : record.why;
  context.print(fmt::format("{}\t{}\t{}\t{}", record.outcome,
                            printable(record.id), record.piece,
                            printable(last)));
}

void print_summary(const MigrationSummary& summary,
                   const MigrateOptions& options, CommandContext& context) {
  if (context.json()) {
    Json json = to_json(summary);
    json["dry_run"] = options.is_dry_run;
    return context.print_json(json);
  }
  context.print(fmt::format("records     {}", summary.records));
  context.print(
      fmt::format("registered  {}{}", summary.registered,
                  options.is_dry_run ? " (dry run: nothing was written)" : ""));
  context.print(fmt::format("known       {}", summary.known));
  context.print(fmt::format("inactive    {}", summary.inactive));
  context.print(fmt::format("damaged     {}", summary.damaged));
  context.print(fmt::format("failed      {}", summary.failed));
}

Result<ExitCode> migrate(const MigrateOptions& options,
                         CommandContext& context) {
  const std::string path = DAGFS_TRY(existing_folder(options.path));
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    Result<MigrationSummary> migrated = store.migrate(
        {.kind = options.kind, .path = path, .is_dry_run = options.is_dry_run},
        [&](const MigratedRecord& record) { print_record(record, context); },
        [&](std::uint64_t records) {
          context.show_progress(fmt::format("{} records", records));
        });
    context.show_progress("");
    const MigrationSummary summary = DAGFS_TRY(std::move(migrated));
    print_summary(summary, options, context);
    if (summary.is_complete) return ExitCode::kOk;
    return context.fail(
        ExitCode::kBadData,
        fmt::format("{}: {} of {} records were not registered", options.path,
                    summary.damaged + summary.failed, summary.records));
  });
}

void add_migrate(CLI::App& parent, Selection* selected, const std::string& kind,
                 const CommandHelp& help) {
  auto options = std::make_shared<MigrateOptions>();
  options->kind = kind;
  CLI::App* command = add_command(parent, kind, help);
  command->add_option("path", options->path, "Folder of the other repo")
      ->type_name("DIR")
      ->required();
  command->add_flag("--dry-run", options->is_dry_run,
                    "Say what would be registered, and write nothing");
  command->add_flag("--json", selected->json,
                    "Print JSON, a line a record that was not registered, and "
                    "the counts");
  select(command, selected, options, migrate);
}

}  // namespace

void add_migrate_lotus(CLI::App& migrate, Selection* selected) {
  add_migrate(migrate, selected, "lotus",
              {.what = "Register the pieces of a lotus-miner's active deals",
               .when = "you run, or ran, deals with Lotus",
               .example = "dagfs migrate lotus --dry-run ~/.lotusminer"});
}

void add_migrate_boost(CLI::App& migrate, Selection* selected) {
  add_migrate(migrate, selected, "boost",
              {.what = "Register the pieces of Boost's active deals",
               .when = "you run, or ran, deals with Boost",
               .example = "dagfs migrate boost ~/.boost"});
}

}  // namespace dagfs::tools
