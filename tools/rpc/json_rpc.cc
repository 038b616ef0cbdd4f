// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/json_rpc.h"

#include <utility>

namespace dagfs::tools {
namespace {

// Counts down from here in the range the specification leaves to servers.
constexpr int kStoreFaultFirst = -32001;

// Requests have a list of objects at most. Deeper documents would be built, and
// taken apart again, before anybody looks at them.
constexpr int kJsonDepthMax = 16;

bool is_too_deep(std::string_view document) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < document.size(); ++i) {
    const char character = document[i];
    if (in_string && character == '\\') {
      ++i;
    } else if (character == '"') {
      in_string = !in_string;
    } else if (!in_string && (character == '[' || character == '{')) {
      if (++depth > kJsonDepthMax) return true;
    } else if (!in_string && (character == ']' || character == '}')) {
      --depth;
    }
  }
  return false;
}

RpcRequest invalid(Json id, std::string message) {
  return {.id = std::move(id),
          .content = RpcFault{kRpcInvalidRequest, std::move(message)}};
}

bool is_valid_id(const Json& id) {
  return id.is_null() || id.is_string() || id.is_number();
}

Json envelope() { return Json{{"jsonrpc", "2.0"}}; }

}  // namespace

RpcRequest parse_request(std::string_view line) {
  if (is_too_deep(line)) return invalid(nullptr, "request is nested too deep");
  Json document = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return {.content = RpcFault{kRpcParseError, "request is not JSON"}};
  }
  if (!document.is_object()) {
    return invalid(nullptr, "request is not one JSON object");
  }

  const auto id = document.find("id");
  const bool has_id = id != document.end();
  if (has_id && !is_valid_id(*id)) {
    return invalid(nullptr, "id is neither a string nor a number");
  }
  Json id_value = has_id ? *id : Json();

  const auto version = document.find("jsonrpc");
  if (version == document.end() || *version != "2.0") {
    return invalid(std::move(id_value), "jsonrpc is not \"2.0\"");
  }
  const auto method = document.find("method");
  if (method == document.end() || !method->is_string()) {
    return invalid(std::move(id_value), "method is not a string");
  }
  Json params;
  if (const auto found = document.find("params"); found != document.end()) {
    params = std::move(*found);
  }
  if (!params.is_null() && !params.is_structured()) {
    return invalid(std::move(id_value), "params is no object and no array");
  }
  return {.id = std::move(id_value),
          .is_notification = !has_id,
          .content = RpcCall{method->get<std::string>(), std::move(params)}};
}

// No default: a new ErrorCode must get its number before this compiles.
int rpc_code_from(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return kStoreFaultFirst;
    case ErrorCode::kInvalidArgument: return kStoreFaultFirst - 1;
    case ErrorCode::kCorrupt: return kStoreFaultFirst - 2;
    case ErrorCode::kUnsupported: return kStoreFaultFirst - 3;
    case ErrorCode::kUnavailable: return kStoreFaultFirst - 4;
    case ErrorCode::kExhausted: return kStoreFaultFirst - 5;
    case ErrorCode::kIo: return kStoreFaultFirst - 6;
    case ErrorCode::kStale: return kStoreFaultFirst - 7;
    case ErrorCode::kNoSpace: return kStoreFaultFirst - 8;
    case ErrorCode::kRefused: return kStoreFaultFirst - 9;
  }
  return kStoreFaultFirst - 6;
}

ErrorCode error_code_from(int rpc_code) {
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kInvalidArgument, ErrorCode::kCorrupt,
        ErrorCode::kUnsupported, ErrorCode::kUnavailable, ErrorCode::kExhausted,
        ErrorCode::kStale, ErrorCode::kNoSpace, ErrorCode::kRefused}) {
    if (rpc_code_from(code) == rpc_code) return code;
  }
  return ErrorCode::kIo;
}

RpcFault fault_from(const Error& error) {
  return {rpc_code_from(error.code()), error.message()};
}

std::string encode_call(std::uint64_t id, std::string_view method,
                        const Json& params) {
  Json document = envelope();
  document["id"] = id;
  document["method"] = method;
  document["params"] = params;
  return to_line(document);
}

std::string encode_notification(std::string_view method, const Json& params) {
  Json document = envelope();
  document["method"] = method;
  document["params"] = params;
  return to_line(document);
}

std::string encode_result(const Json& id, const Json& result) {
  Json document = envelope();
  document["id"] = id;
  document["result"] = result;
  return to_line(document);
}

std::string encode_fault(const Json& id, const RpcFault& fault) {
  Json document = envelope();
  document["id"] = id;
  document["error"] = {{"code", fault.code}, {"message", fault.message}};
  return to_line(document);
}

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dagfs::tools
