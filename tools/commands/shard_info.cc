// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "tools/commands/commands.h"
#include "tools/commands/shown_shard.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

struct ShardInfoOptions {
  std::string key;
};

void print_piece(const PieceRecord& piece, CommandContext& context) {
  context.print(fmt::format("size: {}", piece.size));
  context.print(fmt::format("version: {}", piece.car_version));
  for (const std::string& root : piece.roots) context.print("root: " + root);
  if (piece.root_count > piece.roots.size()) {
    context.print(fmt::format("further roots: {}",
                              piece.root_count - piece.roots.size()));
  }
  context.print(fmt::format("blocks: {}", piece.block_count));
  context.print(fmt::format("block bytes: {}", piece.block_bytes));
  context.print(
      fmt::format("duplicates: {}", piece.has_duplicates ? "yes" : "no"));
  context.print(fmt::format("index size: {}", piece.index_size));
  context.print("embedded index: " + printable(piece.embedded_index));
}

void print_shard(const ShardRecord& shard, CommandContext& context) {
  context.print("key: " + printable(shard.key));
  context.print("url: " + printable(shard.url));
  context.print("state: " + shard.state);
  if (!shard.error.empty()) context.print("error: " + printable(shard.error));
  context.print("registered: " + utc_time(shard.registered_at));
  if (shard.indexed_at) {
    context.print("indexed: " + utc_time(*shard.indexed_at));
  }
  context.print(fmt::format("leases: {}", shard.leases));
  if (shard.piece) print_piece(*shard.piece, context);
}

Result<ExitCode> info(const ShardInfoOptions& options,
                      CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    const ShardRecord shard = DAGFS_TRY(store.info(options.key));
    if (context.json()) {
      context.print_json(shown_json(shard));
    } else {
      print_shard(shard, context);
    }
    return ExitCode::kOk;
  });
}

}  // namespace

void add_shard_info(CLI::App& shard, Selection* selected) {
  auto options = std::make_shared<ShardInfoOptions>();
  CLI::App* command = add_command(
      shard, "info",
      {.what = "Print all that is known of one shard",
       .when = "a shard does not show what you expect, or you want its roots",
       .example = "dagfs shard info --json baga6ea4seaq..."});
  command->add_option("key", options->key, "Key of the shard")
      ->type_name("KEY")
      ->required();
  command->add_flag("--json", selected->json, "Print JSON");
  select(command, selected, options, info);
}

}  // namespace dagfs::tools
