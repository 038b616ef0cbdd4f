// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "tools/commands/commands.h"
#include "tools/commands/shown_shard.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

// Few enough that the first lines come at once.
constexpr std::uint64_t kPageShards = 200;

void print_line_of(const ShardRecord& shard, CommandContext& context) {
  if (context.json()) return context.print_json(shown_json(shard));
  std::string line = fmt::format("{}\t{}\t{}", printable(shard.key),
                                 shard.state, printable(shard.url));
  if (!shard.error.empty()) line += '\t' + printable(shard.error);
  context.print(line);
}

Result<ExitCode> list(const NoOptions& /*options*/, CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    std::string after;
    bool more = true;
    while (more && context.can_print()) {
      const ShardPage page = DAGFS_TRY(store.list(after, kPageShards));
      for (const ShardRecord& shard : page.shards) {
        print_line_of(shard, context);
      }
      more = page.more && !page.shards.empty();
      if (more) after = page.shards.back().key;
    }
    return ExitCode::kOk;
  });
}

}  // namespace

void add_shard_list(CLI::App& shard, Selection* selected) {
  auto options = std::make_shared<NoOptions>();
  CLI::App* command = add_command(
      shard, "list",
      {.what = "Print key, state, URL and error of every shard",
       .when = "you want to know what is registered and what has failed",
       .example = "dagfs shard list | grep ShardStateErrored"});
  command->add_flag("--json", selected->json, "Print JSON, a line a shard");
  select(command, selected, options, list);
}

}  // namespace dagfs::tools
