// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <map>
#include <optional>

#include "dagstore/shard_key.h"
#include "tools/commands/commands.h"
#include "tools/commands/register_list.h"
#include "tools/commands/shard_source.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

struct RegisterOptions {
  std::vector<std::string> sources;
  std::string list;  // A file, or "-"; empty: none.
  std::optional<std::string> key;
  bool eager = false;
};

// The last component of a path or URL, without ".car".
std::string default_key(std::string_view source) {
  if (is_url(source)) source = source.substr(0, source.find_first_of("?#"));
  std::string_view name = source.substr(source.find_last_of("/:") + 1);
  if (!is_url(source)) name = source.substr(source.find_last_of('/') + 1);
  if (name.ends_with(".car")) name.remove_suffix(4);
  return std::string(name);
}

Result<std::string> key_of(const std::string& source,
                           const RegisterOptions& options) {
  const std::string key = options.key ? *options.key : default_key(source);
  if (!is_utf8(key)) {
    return Error(ErrorCode::kInvalidArgument,
                 source + ": the key is not UTF-8; give one with --key");
  }
  DAGFS_TRY_CONTEXT(dagstore::ShardKey::parse(key), source);
  return key;
}

// Prints why a source cannot be registered.
ExitCode refuse(const Error& error, CommandContext& context) {
  // Whatever keeps us from the file, it is the input that is not there.
  return context.fail(ExitCode::kNoInput, error.message());
}

struct Plan {
  std::vector<NewShard> shards;
  std::optional<ExitCode> failed;  // The reason was printed.
};

Plan plan(const RegisterOptions& options, const std::string& mountpoint,
          CommandContext& context) {
  Plan result;
  std::map<std::string, std::string> source_of_key;
  for (const std::string& source : options.sources) {
    Result<std::string> url = source_url(source, context.repo(), mountpoint);
    if (!url.ok()) {
      result.failed = refuse(url.error(), context);
      return result;
    }
    Result<std::string> key = key_of(source, options);
    if (!key.ok()) {
      result.failed = context.fail(key.error());
      return result;
    }
    const auto [earlier, is_new] = source_of_key.emplace(*key, source);
    if (!is_new) {
      result.failed = context.fail(
          ExitCode::kUsage, fmt::format("{} and {} would both have the key {}",
                                        earlier->second, source, *key));
      return result;
    }
    result.shards.push_back({.key = *key, .url = *url});
  }
  return result;
}

void print_registered(const NewShard& shard, CommandContext& context) {
  if (context.json()) {
    context.print_json(Json{{"key", shard.key}, {"url", shard.url}});
  } else {
    context.print(printable(shard.key));
  }
}

// Answers the first failure's code; all shards stay registered.
ExitCode initialize_all(const std::vector<NewShard>& shards,
                        StoreService& store, CommandContext& context) {
  ExitCode code = ExitCode::kOk;
  for (const NewShard& shard : shards) {
    context.show_progress(shard.key);
    const Result<ShardRecord> record = store.initialize(shard.key);
    if (record.ok()) continue;
    const ExitCode failed = context.fail(
        exit_code_from(record.error().code()),
        fmt::format("{}: {}", shard.url, record.error().message()));
    if (code == ExitCode::kOk) code = failed;
  }
  context.show_progress("");
  return code;
}

Result<ExitCode> register_sources(const RegisterOptions& options,
                                  CommandContext& context) {
  if (options.list.empty() == options.sources.empty() ||
      (!options.list.empty() && (options.key || options.eager))) {
    return context.fail(ExitCode::kUsage,
                        "give files or URLs, or else --from alone");
  }
  if (!options.list.empty()) return register_list(options.list, context);
  if (options.key && options.sources.size() > 1) {
    return context.fail(ExitCode::kUsage,
                        "--key names one shard, but several files were given");
  }
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    const ServiceStatus status = DAGFS_TRY(store.status());
    const Plan registration = plan(options, status.mountpoint, context);
    if (registration.failed) return *registration.failed;

    DAGFS_TRY(store.register_shards(registration.shards));
    for (const NewShard& shard : registration.shards) {
      print_registered(shard, context);
    }
    if (!options.eager) return ExitCode::kOk;
    return initialize_all(registration.shards, store, context);
  });
}

}  // namespace

void add_register(CLI::App& program, Selection* selected) {
  auto options = std::make_shared<RegisterOptions>();
  CLI::App* command = add_command(
      program, "register",
      {.what = "Add CARs as shards, all or none, and print their keys",
       .when = "a CAR is to be seen in the mount; its bytes stay where they "
               "are and are not read until somebody looks inside",
       .example = "dagfs register --key baga6ea4seaq... /srv/cars/piece.car"});
  command->add_option("sources", options->sources, "Files, or URLs of a mount")
      ->type_name("PATH-OR-URL");
  command
      ->add_option("--from", options->list,
                   "A list of any length, - for standard input: lines of key, "
                   "tab, and path or URL, or JSON with \"key\" and \"url\"; a "
                   "line that is bad is told and stepped over")
      ->type_name("FILE");
  command
      ->add_option("--key", options->key,
                   "Key of the shard; the file name without .car if not given")
      ->type_name("KEY");
  command->add_flag("--eager", options->eager,
                    "Index the CARs now, and say which cannot be");
  command->add_flag("--json", selected->json, "Print JSON, a line a shard");
  select(command, selected, options, register_sources);
}

}  // namespace dagfs::tools
