// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

#include "mount/piece/piece_size.h"
#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

struct IngestOptions {
  std::vector<std::string> paths;
  std::string profile;
  bool wait = false;
};

// Whoever has the repo open may stand in another folder.
Result<std::string> absolute_path(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path absolute =
      std::filesystem::absolute(path, failure);
  if (failure) return error_from_errno(failure.value(), path);
  return absolute.string();
}

Result<std::uint64_t> unpadded_size(std::uint64_t padded) {
  const mount::PieceSize piece =
      DAGFS_TRY(mount::PieceSize::from_padded(mount::PaddedSize(padded)));
  return piece.unpadded().bytes();
}

Json shown_json(const std::string& path, const IngestedShard& shard,
                std::uint64_t unpadded) {
  Json json = {{"key", shard.key},
               {"root", nullptr},
               {"roots", shard.roots},
               {"commp", shard.key},
               {"commp_v2", shard.piece_cid_v2},
               {"car_size", shard.car_size},
               {"blocks", shard.block_count},
               {"padded_piece_size", shard.piece_size},
               {"unpadded_piece_size", unpadded}};
  if (shard.root_count == 1) json["root"] = shard.roots.front();
  set_text(&json, "path", path);
  return json;
}

void print_text(const std::string& path, const IngestedShard& shard,
                std::uint64_t unpadded, CommandContext& context) {
  context.print(fmt::format("Path:        {}", printable(path)));
  context.print(fmt::format("Key:         {}", shard.key));
  for (const std::string& root : shard.roots) {
    context.print(fmt::format("Root:        {}", root));
  }
  if (shard.root_count > shard.roots.size()) {
    context.print(fmt::format("Roots:       {} in all", shard.root_count));
  }
  context.print(fmt::format("CommP:       {}", shard.key));
  context.print(fmt::format("CommP v2:    {}", shard.piece_cid_v2));
  context.print(fmt::format("CAR size:    {}", shard.car_size));
  context.print(fmt::format("Blocks:      {}", shard.block_count));
  context.print(fmt::format("Piece size:  {} padded, {} unpadded",
                            shard.piece_size, unpadded));
}

Result<ExitCode> ingest_one(const std::string& path,
                            const IngestOptions& options, StoreService& store,
                            CommandContext& context) {
  const std::string absolute = DAGFS_TRY(absolute_path(path));
  Result<IngestedShard> made = store.ingest(
      {.path = absolute, .profile = options.profile}, [&](std::uint64_t bytes) {
        context.show_progress(
            fmt::format("{}: {}", printable(path), human_size(bytes)));
      });
  context.show_progress("");
  const IngestedShard shard = DAGFS_TRY(std::move(made));
  const std::uint64_t unpadded = DAGFS_TRY(unpadded_size(shard.piece_size));
  if (context.json()) {
    context.print_json(shown_json(path, shard, unpadded));
  } else {
    print_text(path, shard, unpadded, context);
  }
  return ExitCode::kOk;
}

Result<ExitCode> ingest(const IngestOptions& options, CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    ExitCode code = ExitCode::kOk;
    for (const std::string& path : options.paths) {
      const Result<ExitCode> result = ingest_one(path, options, store, context);
      const ExitCode one = result.ok() ? *result : context.fail(result.error());
      if (code == ExitCode::kOk) code = one;
    }
    return code;
  });
}

}  // namespace

void add_ingest(CLI::App& program, Selection* selected) {
  auto options = std::make_shared<IngestOptions>();
  CLI::App* command = add_command(
      program, "ingest",
      {.what = "Make shards of files and folders; of CARs as they are",
       .when = "you want a CAR, its root and its commP of your data, mounted "
               "or not",
       .example = "dagfs ingest photos/"});
  command->add_option("paths", options->paths, "What becomes a shard each")
      ->type_name("PATH")
      ->required();
  command
      ->add_option("--profile", options->profile,
                   "How it is imported: unixfs-v1-2025 (else), "
                   "unixfs-v0-2015 or lotus")
      ->type_name("NAME");
  command->add_flag("--wait", options->wait,
                    "Return when the shard can be read: always so");
  command->add_flag("--json", selected->json, "Print JSON, a line a path");
  select(command, selected, options, ingest);
}

}  // namespace dagfs::tools
