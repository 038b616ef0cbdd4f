// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/json_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dagfs::tools {
namespace {

using testing::HasSubstr;

int fault_code(const RpcRequest& request) {
  const auto* fault = std::get_if<RpcFault>(&request.content);
  return fault == nullptr ? 0 : fault->code;
}

TEST(ParseRequest, ReadsMethodParamsAndId) {
  const RpcRequest request = parse_request(
      R"({"jsonrpc":"2.0","id":7,"method":"Dagfs.Status","params":{"a":1}})");
  ASSERT_EQ(fault_code(request), 0);
  const auto& call = std::get<RpcCall>(request.content);
  EXPECT_EQ(request.id, 7);
  EXPECT_FALSE(request.is_notification);
  EXPECT_EQ(call.method, "Dagfs.Status");
  EXPECT_EQ(call.params, Json({{"a", 1}}));
}

TEST(ParseRequest, WithoutIdItIsANotification) {
  const RpcRequest request = parse_request(R"({"jsonrpc":"2.0","method":"m"})");
  EXPECT_EQ(fault_code(request), 0);
  EXPECT_TRUE(request.is_notification);
}

TEST(ParseRequest, GarbageIsAParseErrorWithNullId) {
  for (const char* line : {"", "{", "hello", "{\"jsonrpc\":\"2.0\"", "\xff",
                           "{\"jsonrpc\":\"2.0\"} x"}) {
    const RpcRequest request = parse_request(line);
    EXPECT_EQ(fault_code(request), kRpcParseError) << line;
    EXPECT_TRUE(request.id.is_null());
  }
}

TEST(ParseRequest, OtherDocumentsAreInvalidRequests) {
  for (const char* line :
       {"1", "null", "[]", "{}", R"({"jsonrpc":"1.0","method":"m","id":1})",
        R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","method":3,"id":1})",
        R"({"jsonrpc":"2.0","method":"m","id":[1]})",
        R"({"jsonrpc":"2.0","method":"m","params":"x","id":1})",
        R"([{"jsonrpc":"2.0","method":"m","id":1}])"}) {
    EXPECT_EQ(fault_code(parse_request(line)), kRpcInvalidRequest) << line;
  }
}

TEST(ParseRequest, EveryPrefixOfARequestIsAFault) {
  const std::string whole =
      R"({"jsonrpc":"2.0","id":"x","method":"m","params":["a",1]})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(fault_code(parse_request(whole.substr(0, size))), 0) << size;
  }
  EXPECT_EQ(fault_code(parse_request(whole)), 0);
}

TEST(ParseRequest, DeepNestingIsRefusedBeforeItIsBuilt) {
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(fault_code(parse_request(deep)), kRpcInvalidRequest);
  const std::string object = R"({"a":[)";
  std::string mixed;
  for (int i = 0; i < 100; ++i) mixed += object;
  EXPECT_EQ(fault_code(parse_request(mixed)), kRpcInvalidRequest);
}

TEST(ParseRequest, BracketsInStringsAreNoNesting) {
  const std::string brackets(100, '[');
  const std::string line =
      R"({"jsonrpc":"2.0","method":"m","id":"\"\\)" + brackets + R"("})";
  EXPECT_EQ(fault_code(parse_request(line)), 0);
}

TEST(RpcCode, EveryErrorCodeComesBack) {
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kInvalidArgument, ErrorCode::kCorrupt,
        ErrorCode::kUnsupported, ErrorCode::kUnavailable, ErrorCode::kStale,
        ErrorCode::kExhausted, ErrorCode::kIo, ErrorCode::kNoSpace,
        ErrorCode::kRefused}) {
    EXPECT_EQ(error_code_from(rpc_code_from(code)), code);
  }
}

TEST(RpcCode, ForeignNumbersAreInputOutputErrors) {
  for (const int code : {0, 1, kRpcParseError, kRpcMethodNotFound, -32099}) {
    EXPECT_EQ(error_code_from(code), ErrorCode::kIo);
  }
}

TEST(EncodeFault, IsOneLineWhateverTheMessage) {
  const std::string line =
      encode_fault("id\n", {kRpcInvalidRequest, "two\nlines \xff"});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_THAT(line, HasSubstr("-32600"));
  EXPECT_FALSE(Json::parse(line, nullptr, false).is_discarded());
}

}  // namespace
}  // namespace dagfs::tools
