// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/rpc_store_service.h"

#include <fmt/core.h>

#include "car/base/bytes.h"
#include "tools/rpc/store_json.h"
#include "tools/rpc/store_methods.h"

namespace dagfs::tools {
namespace {

Error not_agreed(std::string_view what) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("answer of the daemon: {}", what));
}

Error error_from_fault(const Json& fault) {
  const auto code = fault.find("code");
  const auto message = fault.find("message");
  if (!fault.is_object() || code == fault.end() || !code->is_number_integer() ||
      message == fault.end() || !message->is_string()) {
    return not_agreed("error without code or message");
  }
  return Error(error_code_from(code->get<int>()), message->get<std::string>());
}

Json shards_parameter(const std::vector<NewShard>& shards) {
  Json list = Json::array();
  for (const NewShard& shard : shards) {
    list.push_back({{"key", shard.key}, {"url", shard.url}});
  }
  return {{"shards", std::move(list)}};
}

Json name_parameter(const std::string& name) {
  return {{"name_hex", to_hex(as_bytes(name))}};
}

void tell(const Json& notification, const VerifyObserver& observer) {
  const Json& params = notification.value("params", Json());
  if (!params.is_object()) return;
  const auto bytes = params.find("bytes");
  const Json& name = notification["method"];
  const bool is_progress = name == method::kVerifyProgress ||
                           name == method::kIngestProgress ||
                           name == method::kMigrationProgress;
  if (is_progress && observer.progress && bytes != params.end() &&
      bytes->is_number_unsigned()) {
    observer.progress(bytes->get<std::uint64_t>());
  }
  const auto problem = params.find("problem");
  const bool is_line =
      name == method::kVerifyProblem || name == method::kMigrationRecord;
  if (is_line && observer.problem && problem != params.end() &&
      problem->is_string()) {
    observer.problem(problem->get<std::string>());
  }
}

}  // namespace

Result<Json> RpcStoreService::call(std::string_view method, const Json& params,
                                   const VerifyObserver& observer) {
  const std::uint64_t id = ++last_id_;
  const std::string request = encode_call(id, method, params);
  if (request.size() >= kRpcRequestSizeMax) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("request of {} bytes, a daemon reads at most {}",
                             request.size(), kRpcRequestSizeMax));
  }
  DAGFS_TRY_CONTEXT(channel_.write_line(request), "ask the daemon");
  while (true) {
    const std::optional<std::string> line =
        DAGFS_TRY_CONTEXT(channel_.read_line(), "answer of the daemon");
    if (!line) {
      return Error(ErrorCode::kUnavailable,
                   "the daemon went away before it answered");
    }
    const Json document = Json::parse(*line, nullptr, false);
    if (!document.is_object()) return not_agreed("not a JSON object");
    if (document.contains("method")) {
      tell(document, observer);
      continue;
    }
    if (const auto fault = document.find("error"); fault != document.end()) {
      return error_from_fault(*fault);
    }
    const auto result = document.find("result");
    if (document.value("id", Json()) != id || result == document.end()) {
      return not_agreed("neither result nor error of the call");
    }
    return Json(*result);
  }
}

Status RpcStoreService::register_shards(const std::vector<NewShard>& shards) {
  DAGFS_TRY(call(method::kRegisterShards, shards_parameter(shards)));
  return ok_status();
}

Result<RegisterReport> RpcStoreService::register_each(
    const std::vector<NewShard>& shards) {
  return register_report_from(
      DAGFS_TRY(call(method::kRegisterEach, shards_parameter(shards))));
}

Result<ShardPage> RpcStoreService::list(const std::string& after,
                                        std::uint64_t limit) {
  return shard_page_from(DAGFS_TRY(
      call(method::kListShards, {{"after", after}, {"limit", limit}})));
}

Result<ShardRecord> RpcStoreService::info(const std::string& key) {
  return shard_record_from(DAGFS_TRY(call(method::kShardInfo, {{"key", key}})));
}

Status RpcStoreService::destroy(const std::string& key) {
  DAGFS_TRY(call(method::kDestroyShard, {{"key", key}}));
  return ok_status();
}

Result<ShardRecord> RpcStoreService::initialize(const std::string& key) {
  return shard_record_from(
      DAGFS_TRY(call(method::kInitializeShard, {{"key", key}})));
}

Result<VerifyCounts> RpcStoreService::verify(const std::string& key,
                                             const VerifyObserver& observer) {
  return verify_counts_from(
      DAGFS_TRY(call(method::kVerifyShard, {{"key", key}}, observer)));
}

Result<PieceProof> RpcStoreService::prove(
    const std::string& key,
    const std::function<void(std::uint64_t)>& progress) {
  return piece_proof_from(DAGFS_TRY(
      call(method::kProveShard, {{"key", key}}, {.progress = progress})));
}

Result<SubmissionPage> RpcStoreService::submissions(const std::string& after,
                                                    std::uint64_t limit) {
  return submission_page_from(DAGFS_TRY(
      call(method::kListSubmissions,
           {{"after_hex", to_hex(as_bytes(after))}, {"limit", limit}})));
}

Result<SubmissionEntry> RpcStoreService::seal_submission(
    const std::string& name) {
  return submission_entry_from(
      DAGFS_TRY(call(method::kSealSubmission, name_parameter(name))));
}

Result<SubmissionEntry> RpcStoreService::retry_submission(
    const std::string& name) {
  return submission_entry_from(
      DAGFS_TRY(call(method::kRetrySubmission, name_parameter(name))));
}

Status RpcStoreService::remove_submission(const std::string& name) {
  DAGFS_TRY(call(method::kRemoveSubmission, name_parameter(name)));
  return ok_status();
}

Result<IngestedShard> RpcStoreService::ingest(
    const IngestRequest& request,
    const std::function<void(std::uint64_t)>& progress) {
  Json params = {{"path_hex", to_hex(as_bytes(request.path))}};
  if (!request.profile.empty()) params["profile"] = request.profile;
  return ingested_shard_from(
      DAGFS_TRY(call(method::kIngest, params, {.progress = progress})));
}

Result<MigrationSummary> RpcStoreService::migrate(
    const MigrationTask& task, const RecordVisitor& visit,
    const std::function<void(std::uint64_t)>& progress) {
  VerifyObserver observer;
  observer.progress = progress;
  observer.problem = [&](const std::string& line) {
    const auto record = migrated_record_from(Json::parse(line, nullptr, false));
    if (visit && record.ok()) visit(*record);
  };
  const Json params = {{"kind", task.kind},
                       {"path_hex", to_hex(as_bytes(task.path))},
                       {"dry_run", task.is_dry_run ? 1U : 0U}};
  return migration_summary_from(
      DAGFS_TRY(call(method::kMigrate, params, observer)));
}

Result<ServiceStatus> RpcStoreService::status() {
  return service_status_from(DAGFS_TRY(call(method::kStatus, Json::object())));
}

}  // namespace dagfs::tools
