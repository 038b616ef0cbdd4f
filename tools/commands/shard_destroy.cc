// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commands.h"

namespace dagfs::tools {
namespace {

struct ShardDestroyOptions {
  std::string key;
};

Result<ExitCode> destroy(const ShardDestroyOptions& options,
                         CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    DAGFS_TRY(store.destroy(options.key));
    return ExitCode::kOk;
  });
}

}  // namespace

void add_shard_destroy(CLI::App& shard, Selection* selected) {
  auto options = std::make_shared<ShardDestroyOptions>();
  CLI::App* command = add_command(
      shard, "destroy",
      {.what = "Forget a shard and remove its index; the CAR is not touched",
       .when = "a CAR was deleted or shall no longer be seen",
       .example = "dagfs shard destroy baga6ea4seaq..."});
  command->add_option("key", options->key, "Key of the shard")
      ->type_name("KEY")
      ->required();
  select(command, selected, options, destroy);
}

}  // namespace dagfs::tools
