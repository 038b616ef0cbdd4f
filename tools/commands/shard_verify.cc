// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "tools/commands/commands.h"
#include "tools/commands/text.h"
#include "tools/rpc/store_json.h"

namespace dagfs::tools {
namespace {

struct ShardVerifyOptions {
  std::vector<std::string> keys;
  bool is_of_piece = false;  // Its commitment, rather than its blocks.
};

void print_counts(const std::string& key, const VerifyCounts& counts,
                  CommandContext& context) {
  if (context.json()) {
    Json json = to_json(counts);
    json["key"] = key;
    return context.print_json(json);
  }
  context.print(fmt::format("{}: {} blocks, {} bytes, {} bad, {} unverifiable",
                            printable(key), counts.blocks, counts.bytes,
                            counts.bad, counts.unverifiable));
}

ExitCode verify_one(const std::string& key, StoreService& store,
                    CommandContext& context) {
  VerifyObserver observer;
  observer.progress = [&](std::uint64_t bytes_done) {
    context.show_progress(fmt::format("{}: {}", key, human_size(bytes_done)));
  };
  observer.problem = [&](const std::string& line) {
    context.show_progress("");
    if (context.json()) {
      context.print_json(Json{{"key", key}, {"problem", line}});
    } else {
      context.print(printable(key + ": " + line));
    }
  };
  const Result<VerifyCounts> counts = store.verify(key, observer);
  context.show_progress("");
  if (!counts.ok()) {
    return context.fail(exit_code_from(counts.error().code()),
                        fmt::format("{}: {}", key, counts.error().message()));
  }
  print_counts(key, *counts, context);
  if (counts->bad == 0) return ExitCode::kOk;
  return context.fail(ExitCode::kBadData,
                      fmt::format("{}: {} of {} blocks are bad", key,
                                  counts->bad, counts->blocks));
}

ExitCode prove_one(const std::string& key, StoreService& store,
                   CommandContext& context) {
  const Result<PieceProof> proof =
      store.prove(key, [&](std::uint64_t bytes_done) {
        context.show_progress(
            fmt::format("{}: {}", key, human_size(bytes_done)));
      });
  context.show_progress("");
  if (!proof.ok()) {
    return context.fail(exit_code_from(proof.error().code()),
                        fmt::format("{}: {}", key, proof.error().message()));
  }
  if (context.json()) {
    Json json = to_json(*proof);
    json["key"] = key;
    context.print_json(json);
  } else if (proof->problem.empty()) {
    context.print(fmt::format("{}: proven, {} bytes, piece size {}",
                              printable(key), proof->bytes, proof->piece_size));
  }
  if (proof->problem.empty()) return ExitCode::kOk;
  return context.fail(ExitCode::kBadData, key + ": " + proof->problem);
}

Result<ExitCode> verify(const ShardVerifyOptions& options,
                        CommandContext& context) {
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    ExitCode code = ExitCode::kOk;
    for (const std::string& key : options.keys) {
      const ExitCode one = options.is_of_piece
                               ? prove_one(key, store, context)
                               : verify_one(key, store, context);
      if (code == ExitCode::kOk) code = one;
    }
    return code;
  });
}

}  // namespace

void add_shard_verify(CLI::App& shard, Selection* selected) {
  auto options = std::make_shared<ShardVerifyOptions>();
  CLI::App* command = add_command(
      shard, "verify",
      {.what = "Read whole shards and check every block against its CID",
       .when = "you must know that the bytes on disk are still intact",
       .example = "dagfs shard verify baga6ea4seaq..."});
  command->add_option("keys", options->keys, "Keys of the shards")
      ->type_name("KEY")
      ->required();
  command->add_flag("--commp", options->is_of_piece,
                    "Prove that the piece is the one that its key, a piece "
                    "CID, names; whether it is a CAR makes no difference");
  command->add_flag("--json", selected->json,
                    "Print JSON, a line a problem and a line a shard");
  select(command, selected, options, verify);
}

}  // namespace dagfs::tools
