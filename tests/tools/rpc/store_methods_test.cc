// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/store_methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tools/fake_store_service.h"

namespace dagfs::tools {
namespace {

using testing::ElementsAre;

class AnswerLineTest : public testing::Test {
 protected:
  AnswerLineTest() {
    EXPECT_TRUE(
        service_
            .register_shards({{"a", "file:///a.car"}, {"b", "file:///bad.car"}})
            .ok());
  }

  Json ask(const std::string& method, const Json& params) {
    const auto answer = answer_line(
        encode_call(1, method, params), service_,
        [&](std::string_view name, const Json&) { told_.emplace_back(name); });
    return answer ? Json::parse(*answer) : Json();
  }

  int code_of(const std::string& method, const Json& params) {
    const Json answer = ask(method, params);
    return answer.contains("error") ? answer["error"]["code"].get<int>() : 0;
  }

  tests::FakeStoreService service_;
  std::vector<std::string> told_;
};

TEST_F(AnswerLineTest, UnknownMethodsAreNotFound) {
  EXPECT_EQ(code_of("Filecoin.DagstoreNothing", {}), kRpcMethodNotFound);
}

TEST_F(AnswerLineTest, ParametersComeByNameOrPosition) {
  const Json by_name = ask(method::kShardInfo, {{"key", "a"}});
  EXPECT_EQ(by_name["result"]["url"], "file:///a.car");
  EXPECT_EQ(ask(method::kShardInfo, Json::array({"a"})), by_name);
}

TEST_F(AnswerLineTest, WrongParametersAreInvalid) {
  for (const Json& params :
       {Json(), Json::object(), Json({{"key", 1}}), Json({{"kee", "a"}}),
        Json({{"key", "a"}, {"more", 1}}), Json::array(),
        Json::array({"a", "b"}), Json::array({Json()})}) {
    EXPECT_EQ(code_of(method::kShardInfo, params), kRpcInvalidParams) << params;
  }
  for (const Json& shards :
       {Json("x"), Json::array({1}), Json::array({Json::object()}),
        Json::array({{{"key", "k"}, {"url", 1}}})}) {
    EXPECT_EQ(code_of(method::kRegisterShards, {{"shards", shards}}),
              kRpcInvalidParams)
        << shards;
  }
  EXPECT_EQ(code_of(method::kListShards, {{"limit", -1}}), kRpcInvalidParams);
}

TEST_F(AnswerLineTest, StoreErrorsCarryTheirCode) {
  EXPECT_EQ(code_of(method::kShardInfo, {{"key", "absent"}}),
            rpc_code_from(ErrorCode::kNotFound));
  EXPECT_EQ(code_of(method::kInitializeShard, {{"key", "b"}}),
            rpc_code_from(ErrorCode::kCorrupt));
}

TEST_F(AnswerLineTest, SubmissionsAreNamedByTheirBytes) {
  const std::string name = "caf\xe9";
  const Json params = {{"name_hex", "636166e9"}};
  service_.submit(name);
  service_.submit("other");

  const Json listed = ask(method::kListSubmissions, {{"limit", 1}})["result"];
  EXPECT_EQ(listed["submissions"][0]["name_hex"], "636166e9");
  EXPECT_TRUE(listed["more"].get<bool>());
  const Json rest =
      ask(method::kListSubmissions, {{"after_hex", "636166e9"}})["result"];
  EXPECT_EQ(rest["submissions"].size(), 1u);
  EXPECT_EQ(ask(method::kSealSubmission, params)["result"]["state"], "sealed");
  EXPECT_EQ(ask(method::kRetrySubmission, params)["result"]["key"], "key");
  EXPECT_EQ(code_of(method::kRemoveSubmission, params), 0);
  EXPECT_EQ(code_of(method::kRemoveSubmission, params),
            rpc_code_from(ErrorCode::kRefused));
  EXPECT_EQ(code_of(method::kSealSubmission, {{"name_hex", "6"}}),
            kRpcInvalidParams);
}

TEST_F(AnswerLineTest, IngestingTakesAPathAndAProfile) {
  EXPECT_EQ(ask(method::kIngest, {{"path_hex", "2f61"},
                                  {"profile", "lotus"}})["result"]["car_size"],
            200);
  EXPECT_EQ(code_of(method::kIngest, {{"path_hex", "626164"}}),
            rpc_code_from(ErrorCode::kNotFound));
  EXPECT_EQ(code_of(method::kIngest, {{"path", "/a"}}), kRpcInvalidParams);
}

TEST_F(AnswerLineTest, NotificationsAreNotAnswered) {
  const auto ignore = [](std::string_view, const Json&) {};
  EXPECT_EQ(answer_line(encode_notification(method::kStatus, Json()), service_,
                        ignore),
            std::nullopt);
  EXPECT_EQ(
      answer_line(encode_notification("No.Such", Json()), service_, ignore),
      std::nullopt);
}

TEST_F(AnswerLineTest, VerifyTellsProblemsBeforeItAnswers) {
  const Json answer = ask(method::kVerifyShard, {{"key", "b"}});
  EXPECT_THAT(told_,
              ElementsAre(method::kVerifyProblem, method::kVerifyProblem));
  EXPECT_EQ(answer["result"]["bad"], 2);
}

TEST_F(AnswerLineTest, ListIsCutWhereAsked) {
  const Json first = ask(method::kListShards, {{"limit", 1}});
  EXPECT_EQ(first["result"]["shards"].size(), 1u);
  EXPECT_EQ(first["result"]["more"], true);
  const Json rest = ask(method::kListShards, {{"after", "a"}});
  EXPECT_EQ(rest["result"]["shards"].size(), 1u);
  EXPECT_EQ(rest["result"]["more"], false);
}

// A service whose one shard cannot be told in one line.
TEST_F(AnswerLineTest, AnswerThatIsTooLongBecomesAFault) {
  const std::string url(kRpcAnswerSizeMax, 'u');
  ASSERT_TRUE(service_.register_shards({{"long", url}}).ok());
  EXPECT_EQ(code_of(method::kShardInfo, {{"key", "long"}}),
            rpc_code_from(ErrorCode::kExhausted));
}

}  // namespace
}  // namespace dagfs::tools
