// SPDX-License-Identifier: Apache-2.0 OR MIT

// JSON-RPC 2.0 documents, apart from any transport.
// https://www.jsonrpc.org/specification

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "car/base/error.h"

namespace dagfs::tools {

using Json = nlohmann::json;

// Of one answer. Lists are cut into pages that stay below this.
inline constexpr std::size_t kRpcAnswerSizeMax = std::size_t{1} << 20;

// Of one request. All shards of one `dagfs register` come in one, so that all
// or none are registered: the kernel takes 2 MiB of arguments, and each becomes
// a key and an absolute URL.
inline constexpr std::size_t kRpcRequestSizeMax = std::size_t{8} << 20;

// Codes of the specification.
inline constexpr int kRpcParseError = -32700;
inline constexpr int kRpcInvalidRequest = -32600;
inline constexpr int kRpcMethodNotFound = -32601;
inline constexpr int kRpcInvalidParams = -32602;

// The error of a response.
struct RpcFault {
  int code = 0;
  std::string message;
};

struct RpcCall {
  std::string method;
  Json params;  // Object, array or null.
};

// One request as it came in. `id` is null where none could be read.
struct RpcRequest {
  Json id;
  bool is_notification = false;  // Had no id: it must not be answered.
  std::variant<RpcCall, RpcFault> content;
};

// Never fails: what is wrong with `line` is the fault to answer. Batches are
// refused, as one line could then ask for any amount of answers.
RpcRequest parse_request(std::string_view line);

// A failure of the store as the number a response carries, and back. Numbers
// that are none of ours become kIo.
int rpc_code_from(ErrorCode code);
ErrorCode error_code_from(int rpc_code);
RpcFault fault_from(const Error& error);

// Documents without the newline.
std::string encode_call(std::uint64_t id, std::string_view method,
                        const Json& params);
std::string encode_notification(std::string_view method, const Json& params);
std::string encode_result(const Json& id, const Json& result);
std::string encode_fault(const Json& id, const RpcFault& fault);

// As JSON on one line; bytes that are not UTF-8 are shown as U+FFFD.
std::string to_line(const Json& json);

}  // namespace dagfs::tools
