// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

constexpr std::uint64_t kPageEntries = 200;

struct InboxNames {
  std::vector<std::string> names;
};

void print_entry(const SubmissionEntry& entry, CommandContext& context) {
  if (!context.json()) {
    std::string line = fmt::format("{}\t{}\t{}", entry.state, entry.kind,
                                   printable(entry.name));
    if (!entry.key.empty()) line += '\t' + entry.key;
    if (!entry.error.empty()) line += '\t' + printable(entry.error);
    return context.print(line);
  }
  Json json = {{"state", entry.state},
               {"kind", entry.kind},
               {"key", nullptr},
               {"root", nullptr},
               {"car_size", entry.car_size},
               {"error", nullptr},
               {"padded_piece_size", entry.piece_size}};
  if (!entry.key.empty()) json["key"] = entry.key;
  if (!entry.root.empty()) json["root"] = entry.root;
  if (!entry.error.empty()) json["error"] = entry.error;
  set_text(&json, "name", entry.name);
  context.print_json(json);
}

Result<ExitCode> list_inbox(const NoOptions& /*options*/,
                            CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    std::string after;
    bool more = true;
    while (more && context.can_print()) {
      const SubmissionPage page =
          DAGFS_TRY(store.submissions(after, kPageEntries));
      for (const SubmissionEntry& entry : page.entries) {
        print_entry(entry, context);
      }
      more = page.more && !page.entries.empty();
      if (more) after = page.entries.back().name;
    }
    return ExitCode::kOk;
  });
}

using NameWork = std::function<Result<ExitCode>(const std::string&)>;

// Each name by itself: one that fails does not keep the others back.
ExitCode for_each_name(const InboxNames& options, CommandContext& context,
                       const NameWork& work) {
  ExitCode code = ExitCode::kOk;
  for (const std::string& name : options.names) {
    Result<ExitCode> result = work(name);
    const ExitCode one =
        result.ok() ? *result
                    : context.fail(std::move(result).error().context(name));
    if (code == ExitCode::kOk) code = one;
  }
  return code;
}

ExitCode tell_outcome(const SubmissionEntry& entry, CommandContext& context) {
  print_entry(entry, context);
  return entry.error.empty() ? ExitCode::kOk : ExitCode::kBadData;
}

Result<ExitCode> seal(const InboxNames& options, CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    return for_each_name(
        options, context, [&](const std::string& name) -> Result<ExitCode> {
          return tell_outcome(DAGFS_TRY(store.seal_submission(name)), context);
        });
  });
}

Result<ExitCode> retry(const InboxNames& options, CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    return for_each_name(
        options, context, [&](const std::string& name) -> Result<ExitCode> {
          return tell_outcome(DAGFS_TRY(store.retry_submission(name)), context);
        });
  });
}

Result<ExitCode> remove(const InboxNames& options, CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    return for_each_name(options, context,
                         [&](const std::string& name) -> Result<ExitCode> {
                           DAGFS_TRY(store.remove_submission(name));
                           return ExitCode::kOk;
                         });
  });
}

void add_names(CLI::App* command, InboxNames* options) {
  command->add_option("names", options->names, "Names in inbox/")
      ->type_name("NAME")
      ->required();
}

}  // namespace

void add_inbox_list(CLI::App& inbox, Selection* selected) {
  auto options = std::make_shared<NoOptions>();
  CLI::App* command = add_command(
      inbox, "ls",
      {.what = "Print state, kind, name, key and error of every submission",
       .when = "you want to know what became of what was written to inbox/",
       .example = "dagfs inbox ls"});
  command->add_flag("--json", selected->json, "Print JSON, a line each");
  select(command, selected, options, list_inbox);
}

void add_inbox_seal(CLI::App& inbox, Selection* selected) {
  auto options = std::make_shared<InboxNames>();
  CLI::App* command = add_command(
      inbox, "seal",
      {.what = "Make shards of submissions now, and wait for them",
       .when = "a directory is complete and you will not wait until it has "
               "been at rest for some time",
       .example = "dagfs inbox seal photos"});
  add_names(command, options.get());
  command->add_flag("--json", selected->json, "Print JSON, a line each");
  select(command, selected, options, seal);
}

void add_inbox_retry(CLI::App& inbox, Selection* selected) {
  auto options = std::make_shared<InboxNames>();
  CLI::App* command =
      add_command(inbox, "retry",
                  {.what = "Try failed submissions again, and wait for them",
                   .when = "what made them fail is mended, such as a full disk",
                   .example = "dagfs inbox retry photos"});
  add_names(command, options.get());
  command->add_flag("--json", selected->json, "Print JSON, a line each");
  select(command, selected, options, retry);
}

void add_inbox_remove(CLI::App& inbox, Selection* selected) {
  auto options = std::make_shared<InboxNames>();
  CLI::App* command = add_command(
      inbox, "rm",
      {.what = "Forget submissions and their bytes; shards made of them stay",
       .when = "one failed for good, or the listing is to be cleared",
       .example = "dagfs inbox rm broken.car"});
  add_names(command, options.get());
  select(command, selected, options, remove);
}

}  // namespace dagfs::tools
