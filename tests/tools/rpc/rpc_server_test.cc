// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/rpc_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/fake_store_service.h"
#include "tools/rpc/json_rpc.h"
#include "tools/rpc/line_channel.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_store_service.h"
#include "tools/rpc/store_methods.h"

namespace dagfs::tools {
namespace {

using tests::FailsWith;

class RpcServerTest : public testing::Test {
 protected:
  RpcServerTest() {
    Result<UniqueFd> listener = listen_in_repo(repo_.path());
    EXPECT_TRUE(listener.ok());
    auto server = RpcServer::start(std::move(*listener), service_);
    EXPECT_TRUE(server.ok());
    server_ = std::move(*server);
  }

  UniqueFd connect() {
    auto socket = connect_in_repo(repo_.path());
    EXPECT_TRUE(socket.ok() && socket->has_value());
    return std::move(**socket);
  }

  static std::string answer_on(LineChannel& channel) {
    const auto line = channel.read_line();
    return line.ok() && line->has_value() ? **line : std::string();
  }

  tests::TemporaryFolder repo_;
  tests::FakeStoreService service_;
  std::unique_ptr<RpcServer> server_;
};

TEST_F(RpcServerTest, AnswersOneClientInOrder) {
  RpcStoreService client(connect());
  ASSERT_TRUE(client.register_shards({{"a", "file:///a"}}).ok());
  EXPECT_THAT(client.register_shards({{"a", "file:///a"}}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_TRUE(client.info("a").ok());
  EXPECT_TRUE(client.destroy("a").ok());
  EXPECT_THAT(client.info("a"), FailsWith(ErrorCode::kNotFound));
  EXPECT_EQ(server_->request_count(), 5u);
}

TEST_F(RpcServerTest, GarbageIsAnsweredAndTheConnectionStays) {
  LineChannel channel(connect(), kRpcAnswerSizeMax);
  ASSERT_TRUE(channel.write_line("garbage").ok());
  EXPECT_NE(answer_on(channel).find("-32700"), std::string::npos);
  ASSERT_TRUE(
      channel.write_line(encode_call(1, method::kStatus, Json::object())).ok());
  EXPECT_NE(answer_on(channel).find("\"pid\":42"), std::string::npos);
}

TEST_F(RpcServerTest, GiantLineIsRefusedAndTheConnectionEnds) {
  LineChannel channel(connect(), kRpcAnswerSizeMax);
  std::thread writer([&] {
    // Fails once the server has hung up, which it may do in the middle.
    (void)channel.write_line(std::string(kRpcRequestSizeMax + 1, 'x'));
  });
  EXPECT_NE(answer_on(channel).find("-32600"), std::string::npos);
  writer.join();
  RpcStoreService other(connect());
  EXPECT_TRUE(other.status().ok());
}

TEST_F(RpcServerTest, LineCutByTheClientHarmsNothing) {
  {
    const UniqueFd socket = connect();
    ASSERT_EQ(::send(socket.get(), "{\"jsonrpc\"", 10, MSG_NOSIGNAL), 10);
  }
  RpcStoreService other(connect());
  EXPECT_TRUE(other.status().ok());
}

TEST_F(RpcServerTest, ClientThatLeavesBeforeItsAnswerHarmsNothing) {
  ASSERT_TRUE(service_.register_shards({{"b", "bad"}}).ok());
  for (int i = 0; i < 20; ++i) {
    LineChannel channel(connect(), kRpcAnswerSizeMax);
    ASSERT_TRUE(
        channel.write_line(encode_call(1, method::kVerifyShard, {{"key", "b"}}))
            .ok());
  }
  RpcStoreService other(connect());
  EXPECT_TRUE(other.status().ok());
}

TEST_F(RpcServerTest, ManyClientsAtOnce) {
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, key = std::to_string(i)] {
      RpcStoreService client(connect());
      for (int round = 0; round < 20; ++round) {
        const bool ok = client.register_shards({{key, "file:///x"}}).ok() &&
                        client.destroy(key).ok();
        if (ok) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 160);
}

TEST_F(RpcServerTest, ClientsOverTheLimitAreToldSo) {
  std::vector<std::unique_ptr<LineChannel>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(
        std::make_unique<LineChannel>(connect(), kRpcAnswerSizeMax));
  }
  LineChannel last(connect(), kRpcAnswerSizeMax);
  EXPECT_NE(answer_on(last).find("too many clients"), std::string::npos);

  // A place is free again once one of them has gone.
  clients.clear();
  bool answered = false;
  for (int i = 0; i < 1000 && !answered; ++i) {
    RpcStoreService client(connect());
    answered = client.status().ok();
  }
  EXPECT_TRUE(answered);
}

TEST_F(RpcServerTest, EndsWithoutWaitingForIdleClients) {
  LineChannel idle(connect(), kRpcAnswerSizeMax);
  RpcStoreService active(connect());
  ASSERT_TRUE(active.status().ok());
  server_.reset();
  EXPECT_EQ(answer_on(idle), "");
  EXPECT_THAT(active.status(), FailsWith(ErrorCode::kUnavailable));
}

TEST_F(RpcServerTest, VerifyTellsProblemsToItsClient) {
  ASSERT_TRUE(service_.register_shards({{"b", "bad"}}).ok());
  RpcStoreService client(connect());
  std::vector<std::string> problems;
  VerifyObserver observer;
  observer.problem = [&](const std::string& line) { problems.push_back(line); };
  const Result<VerifyCounts> counts = client.verify("b", observer);
  ASSERT_TRUE(counts.ok());
  EXPECT_THAT(problems,
              testing::ElementsAre("block 0 is bad", "block 1 is bad"));
}

}  // namespace
}  // namespace dagfs::tools
