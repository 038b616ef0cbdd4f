// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/store_methods.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <variant>

#include "car/base/bytes.h"
#include "car/base/hex.h"
#include "tools/rpc/store_json.h"

namespace dagfs::tools {
namespace {

using std::chrono::steady_clock;

// Often enough for an eye, seldom enough to cost nothing.
constexpr auto kProgressInterval = std::chrono::milliseconds(200);

constexpr std::uint64_t kPageShardsDefault = 100;

enum class ParameterType { kString, kHex, kCount, kNewShards };
enum class Presence { kRequired, kOptional };

struct Parameter {
  const char* name;
  ParameterType type;
  Presence presence = Presence::kRequired;
};

// Parameters by name, each checked against its Parameter.
using Arguments = Json;

using Handler = Result<Json> (*)(const Arguments& arguments,
                                 StoreService& service, const Notifier& notify);

struct Method {
  const char* name;
  std::span<const Parameter> parameters;
  Handler handler;
};

std::string key_of(const Arguments& arguments) {
  return arguments["key"].get<std::string>();
}

std::vector<NewShard> shards_of(const Arguments& arguments) {
  std::vector<NewShard> shards;
  for (const Json& item : arguments["shards"]) {
    shards.push_back({.key = item["key"], .url = item["url"]});
  }
  return shards;
}

Result<Json> register_shards(const Arguments& arguments, StoreService& service,
                             const Notifier& /*notify*/) {
  DAGFS_TRY(service.register_shards(shards_of(arguments)));
  return Json(nullptr);
}

Result<Json> register_each(const Arguments& arguments, StoreService& service,
                           const Notifier& /*notify*/) {
  return to_json(DAGFS_TRY(service.register_each(shards_of(arguments))));
}

Result<Json> list_shards(const Arguments& arguments, StoreService& service,
                         const Notifier& /*notify*/) {
  const ShardPage page =
      DAGFS_TRY(service.list(arguments.value("after", std::string()),
                             arguments.value("limit", kPageShardsDefault)));
  return to_json(page);
}

Result<Json> shard_info(const Arguments& arguments, StoreService& service,
                        const Notifier& /*notify*/) {
  return to_json(DAGFS_TRY(service.info(key_of(arguments))));
}

Result<Json> destroy_shard(const Arguments& arguments, StoreService& service,
                           const Notifier& /*notify*/) {
  DAGFS_TRY(service.destroy(key_of(arguments)));
  return Json(nullptr);
}

Result<Json> initialize_shard(const Arguments& arguments, StoreService& service,
                              const Notifier& /*notify*/) {
  return to_json(DAGFS_TRY(service.initialize(key_of(arguments))));
}

// Passes on `bytes` now and then.
std::function<void(std::uint64_t)> progress_to(const Notifier& notify,
                                               std::string_view method,
                                               Json params) {
  return [&notify, method, params = std::move(params),
          last_told = steady_clock::now()](std::uint64_t bytes) mutable {
    const auto now = steady_clock::now();
    if (now - last_told < kProgressInterval) return;
    last_told = now;
    params["bytes"] = bytes;
    notify(method, params);
  };
}

Result<Json> verify_shard(const Arguments& arguments, StoreService& service,
                          const Notifier& notify) {
  const std::string key = key_of(arguments);
  VerifyObserver observer;
  observer.progress =
      progress_to(notify, method::kVerifyProgress, {{"key", key}});
  observer.problem = [&](const std::string& line) {
    notify(method::kVerifyProblem, {{"key", key}, {"problem", line}});
  };
  return to_json(DAGFS_TRY(service.verify(key, observer)));
}

Result<Json> prove_shard(const Arguments& arguments, StoreService& service,
                         const Notifier& notify) {
  const std::string key = key_of(arguments);
  return to_json(DAGFS_TRY(service.prove(
      key, progress_to(notify, method::kVerifyProgress, {{"key", key}}))));
}

std::string raw_of(const Arguments& arguments, const char* name) {
  const auto bytes = bytes_from_hex(arguments[name].get<std::string>());
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

Result<Json> list_submissions(const Arguments& arguments, StoreService& service,
                              const Notifier& /*notify*/) {
  const std::string after = arguments.contains("after_hex")
                                ? raw_of(arguments, "after_hex")
                                : std::string();
  return to_json(DAGFS_TRY(service.submissions(
      after, arguments.value("limit", kPageShardsDefault))));
}

Result<Json> seal_submission(const Arguments& arguments, StoreService& service,
                             const Notifier& /*notify*/) {
  return to_json(
      DAGFS_TRY(service.seal_submission(raw_of(arguments, "name_hex"))));
}

Result<Json> retry_submission(const Arguments& arguments, StoreService& service,
                              const Notifier& /*notify*/) {
  return to_json(
      DAGFS_TRY(service.retry_submission(raw_of(arguments, "name_hex"))));
}

Result<Json> remove_submission(const Arguments& arguments,
                               StoreService& service,
                               const Notifier& /*notify*/) {
  DAGFS_TRY(service.remove_submission(raw_of(arguments, "name_hex")));
  return Json(nullptr);
}

Result<Json> ingest(const Arguments& arguments, StoreService& service,
                    const Notifier& notify) {
  return to_json(DAGFS_TRY(service.ingest(
      {.path = raw_of(arguments, "path_hex"),
       .profile = arguments.value("profile", std::string())},
      progress_to(notify, method::kIngestProgress, Json::object()))));
}

Result<Json> migrate(const Arguments& arguments, StoreService& service,
                     const Notifier& notify) {
  const MigrationTask task = {
      .kind = arguments["kind"].get<std::string>(),
      .path = raw_of(arguments, "path_hex"),
      .is_dry_run = arguments.value("dry_run", std::uint64_t{0}) != 0};
  const auto tell_record = [&](const MigratedRecord& record) {
    notify(method::kMigrationRecord, {{"problem", to_line(to_json(record))}});
  };
  return to_json(DAGFS_TRY(service.migrate(
      task, tell_record,
      progress_to(notify, method::kMigrationProgress, Json::object()))));
}

Result<Json> status(const Arguments& /*arguments*/, StoreService& service,
                    const Notifier& /*notify*/) {
  return to_json(DAGFS_TRY(service.status()));
}

constexpr std::array kShardsParameters = {
    Parameter{"shards", ParameterType::kNewShards}};
constexpr std::array kPageParameters = {
    Parameter{"after", ParameterType::kString, Presence::kOptional},
    Parameter{"limit", ParameterType::kCount, Presence::kOptional}};
constexpr std::array kKeyParameters = {
    Parameter{"key", ParameterType::kString}};

constexpr std::array kSubmissionPageParameters = {
    Parameter{"after_hex", ParameterType::kHex, Presence::kOptional},
    Parameter{"limit", ParameterType::kCount, Presence::kOptional}};
constexpr std::array kNameParameters = {
    Parameter{"name_hex", ParameterType::kHex}};
constexpr std::array kIngestParameters = {
    Parameter{"path_hex", ParameterType::kHex},
    Parameter{"profile", ParameterType::kString, Presence::kOptional}};
constexpr std::array kMigrateParameters = {
    Parameter{"kind", ParameterType::kString},
    Parameter{"path_hex", ParameterType::kHex},
    Parameter{"dry_run", ParameterType::kCount, Presence::kOptional}};

constexpr std::array kMethods = {
    Method{method::kRegisterShards, kShardsParameters, register_shards},
    Method{method::kRegisterEach, kShardsParameters, register_each},
    Method{method::kListShards, kPageParameters, list_shards},
    Method{method::kShardInfo, kKeyParameters, shard_info},
    Method{method::kDestroyShard, kKeyParameters, destroy_shard},
    Method{method::kInitializeShard, kKeyParameters, initialize_shard},
    Method{method::kVerifyShard, kKeyParameters, verify_shard},
    Method{method::kProveShard, kKeyParameters, prove_shard},
    Method{method::kListSubmissions, kSubmissionPageParameters,
           list_submissions},
    Method{method::kSealSubmission, kNameParameters, seal_submission},
    Method{method::kRetrySubmission, kNameParameters, retry_submission},
    Method{method::kRemoveSubmission, kNameParameters, remove_submission},
    Method{method::kIngest, kIngestParameters, ingest},
    Method{method::kMigrate, kMigrateParameters, migrate},
    Method{method::kStatus, {}, status},
};

bool is_new_shard(const Json& json) {
  if (!json.is_object() || json.size() != 2) return false;
  const auto key = json.find("key");
  const auto url = json.find("url");
  return key != json.end() && key->is_string() && url != json.end() &&
         url->is_string();
}

bool has_type(const Json& value, ParameterType type) {
  switch (type) {
    case ParameterType::kString: return value.is_string();
    case ParameterType::kHex:
      return value.is_string() &&
             bytes_from_hex(value.get<std::string>()).has_value();
    case ParameterType::kCount: return value.is_number_unsigned();
    case ParameterType::kNewShards:
      return value.is_array() &&
             std::all_of(value.begin(), value.end(), is_new_shard);
  }
  return false;
}

RpcFault invalid_params(std::string message) {
  return {kRpcInvalidParams, std::move(message)};
}

// Parameters come by name or, as go-jsonrpc sends them, by position.
std::variant<Arguments, RpcFault> by_name(const Method& method, Json params) {
  if (params.is_null()) return Json::object();
  if (params.is_object()) return params;
  if (params.size() > method.parameters.size()) {
    return invalid_params(fmt::format("{} takes {} parameters, not {}",
                                      method.name, method.parameters.size(),
                                      params.size()));
  }
  Json named = Json::object();
  for (std::size_t i = 0; i < params.size(); ++i) {
    named[method.parameters[i].name] = std::move(params[i]);
  }
  return named;
}

std::optional<RpcFault> check(const Method& method, const Arguments& named) {
  std::size_t known = 0;
  for (const Parameter& parameter : method.parameters) {
    const auto found = named.find(parameter.name);
    if (found == named.end()) {
      if (parameter.presence == Presence::kOptional) continue;
      return invalid_params(
          fmt::format("{} needs \"{}\"", method.name, parameter.name));
    }
    ++known;
    if (!has_type(*found, parameter.type)) {
      return invalid_params(fmt::format("\"{}\" of {} has another type",
                                        parameter.name, method.name));
    }
  }
  if (known == named.size()) return std::nullopt;
  return invalid_params(
      fmt::format("{} got a parameter it does not know", method.name));
}

std::variant<Json, RpcFault> perform(RpcCall call, StoreService& service,
                                     const Notifier& notify) {
  const auto* const method = std::find_if(
      kMethods.begin(), kMethods.end(),
      [&](const Method& candidate) { return call.method == candidate.name; });
  if (method == kMethods.end()) {
    return RpcFault{kRpcMethodNotFound, "no such method: " + call.method};
  }
  std::variant<Arguments, RpcFault> arguments =
      by_name(*method, std::move(call.params));
  if (auto* fault = std::get_if<RpcFault>(&arguments)) return *fault;
  const Arguments& named = std::get<Arguments>(arguments);
  if (std::optional<RpcFault> fault = check(*method, named)) return *fault;

  Result<Json> result = method->handler(named, service, notify);
  if (!result.ok()) return fault_from(result.error());
  return std::move(result).value();
}

std::string encode(const Json& id,
                   const std::variant<Json, RpcFault>& outcome) {
  if (const auto* fault = std::get_if<RpcFault>(&outcome)) {
    return encode_fault(id, *fault);
  }
  return encode_result(id, std::get<Json>(outcome));
}

}  // namespace

std::optional<std::string> answer_line(std::string_view line,
                                       StoreService& service,
                                       const Notifier& notify) {
  RpcRequest request = parse_request(line);
  if (const auto* fault = std::get_if<RpcFault>(&request.content)) {
    return encode_fault(request.id, *fault);
  }
  auto& call = std::get<RpcCall>(request.content);
  const auto outcome = perform(std::move(call), service, notify);
  if (request.is_notification) return std::nullopt;

  std::string answer = encode(request.id, outcome);
  if (answer.size() < kRpcAnswerSizeMax) return answer;
  return encode_fault(
      request.id,
      fault_from(Error(ErrorCode::kExhausted,
                       fmt::format("answer of {} bytes is too long to send",
                                   answer.size()))));
}

}  // namespace dagfs::tools
