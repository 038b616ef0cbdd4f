// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/register_list.h"

#include <fmt/core.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <vector>

#include "tools/commands/shard_source.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

// A commit's sync is amortized, and a batch with its answer fits an RPC line.
constexpr std::size_t kBatchShards = 4000;
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;

Error bad_line(std::string_view why) {
  return Error(ErrorCode::kInvalidArgument, std::string(why));
}

Result<NewShard> parse_json_line(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return bad_line("not a JSON object");
  const auto key = json.find("key");
  const auto url = json.find("url");
  if (key == json.end() || !key->is_string() || url == json.end() ||
      !url->is_string()) {
    return bad_line("no \"key\" and \"url\"");
  }
  return NewShard{.key = key->get<std::string>(),
                  .url = url->get<std::string>()};
}

class ListRegistration {
 public:
  ListRegistration(StoreService& store, std::string mountpoint,
                   CommandContext& context)
      : store_(store), mountpoint_(std::move(mountpoint)), context_(context) {}

  Status add_line(const std::string& line) {
    ++line_;
    if (line.empty() || line.front() == '#') return ok_status();
    const Result<NewShard> shard = parse(line);
    if (!shard.ok()) {
      refuse(line_, shard.error().message());
      return ok_status();
    }
    bytes_ += shard->key.size() + shard->url.size();
    batch_.push_back(*shard);
    lines_.push_back(line_);
    if (batch_.size() < kBatchShards && bytes_ < kBatchBytes) {
      return ok_status();
    }
    return commit();
  }

  Status commit() {
    if (batch_.empty()) return ok_status();
    const RegisterReport report = DAGFS_TRY(store_.register_each(batch_));
    registered_ += report.registered;
    there_already_ += report.there_already;
    for (const RegisterReport::Failure& failure : report.failures) {
      if (failure.position >= lines_.size()) continue;
      refuse(lines_[failure.position], failure.reason);
    }
    batch_.clear();
    lines_.clear();
    bytes_ = 0;
    context_.show_progress(fmt::format("{} registered", registered_));
    return ok_status();
  }

  ExitCode tell_counts() {
    context_.show_progress("");
    if (context_.json()) {
      context_.print_json({{"registered", registered_},
                           {"there_already", there_already_},
                           {"failed", failed_}});
    } else {
      context_.print(fmt::format("{} registered, {} there already, {} failed",
                                 registered_, there_already_, failed_));
    }
    return failed_ == 0 ? ExitCode::kOk : ExitCode::kBadData;
  }

 private:
  Result<NewShard> parse(const std::string& line) const {
    NewShard shard;
    if (line.front() == '{') {
      shard = DAGFS_TRY(parse_json_line(line));
    } else {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) return bad_line("no tab after a key");
      shard = {.key = line.substr(0, tab), .url = line.substr(tab + 1)};
    }
    if (!is_utf8(shard.key)) return bad_line("the key is not UTF-8");
    shard.url = DAGFS_TRY(source_url(shard.url, context_.repo(), mountpoint_));
    return shard;
  }

  void refuse(std::uint64_t line, const std::string& why) {
    ++failed_;
    context_.fail(ExitCode::kBadData, fmt::format("line {}: {}", line, why));
  }

  StoreService& store_;
  const std::string mountpoint_;
  CommandContext& context_;
  std::uint64_t line_ = 0;  // From 1.
  std::vector<NewShard> batch_;
  std::vector<std::uint64_t> lines_;  // Of the batch.
  std::size_t bytes_ = 0;
  std::uint64_t registered_ = 0;
  std::uint64_t there_already_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace

Result<ExitCode> register_list(const std::string& path,
                               CommandContext& context) {
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) return error_from_errno(errno, path);
  }
  std::istream& input = path == "-" ? std::cin : file;
  return with_store(context, [&](StoreService& store) -> Result<ExitCode> {
    const ServiceStatus status = DAGFS_TRY(store.status());
    ListRegistration registration(store, status.mountpoint, context);
    std::string line;
    while (std::getline(input, line)) {
      DAGFS_TRY(registration.add_line(line));
    }
    if (input.bad()) return error_from_errno(EIO, path);
    DAGFS_TRY(registration.commit());
    return registration.tell_counts();
  });
}

}  // namespace dagfs::tools
