// SPDX-License-Identifier: Apache-2.0 OR MIT

// Repo, service and socket together, on a real dagstore.

#include "tools/rpc/open_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "tests/support/car_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tools/rpc/local_store_service.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_server.h"
#include "tools/rpc/rpc_store_service.h"

namespace dagfs::tools {
namespace {

using tests::CarBuilder;
using tests::FailsWith;
using tests::IsOkAnd;

class OpenStoreTest : public testing::Test {
 protected:
  OpenStoreTest() {
    EXPECT_TRUE(dagstore::Dagstore::create(repo_).ok());
    CarBuilder good;
    good.root(good.block("block"));
    good_url_ = write("good.car", good);
    CarBuilder bad;
    const car::Cid cid = bad.block("right");
    CarBuilder damaged;
    damaged.root(cid).section(cid, as_bytes("wrong"));
    bad_url_ = write("bad.car", damaged);
  }

  std::string write(const std::string& name, const CarBuilder& builder) {
    const Bytes bytes = builder.bytes();
    return "file://" + folder_.write(name, as_text(bytes));
  }

  OpenStoreOptions impatient() const {
    return {.repo = repo_, .patience = std::chrono::milliseconds(0)};
  }

  tests::TemporaryFolder folder_;
  std::string repo_ = folder_.path("repo");
  std::string good_url_;
  std::string bad_url_;
};

TEST_F(OpenStoreTest, WithoutARepoIsNotFound) {
  EXPECT_THAT(open_store({.repo = folder_.path("none")}),
              FailsWith(ErrorCode::kNotFound));
}

TEST_F(OpenStoreTest, LockedRepoNamesItsProcess) {
  const auto holder = open_repo(impatient());
  ASSERT_TRUE(holder.ok());
  const auto store = open_store(impatient());
  ASSERT_THAT(store, FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(store.error().message(),
              testing::HasSubstr(std::to_string(::getpid())));
}

TEST_F(OpenStoreTest, WaitsForALockThatIsGivenBack) {
  auto holder = open_repo(impatient());
  ASSERT_TRUE(holder.ok());
  std::thread release([&] { holder->reset(); });
  EXPECT_TRUE(
      open_store({.repo = repo_, .patience = std::chrono::seconds(60)}).ok());
  release.join();
}

TEST_F(OpenStoreTest, ListenerIsAskedRatherThanTheRepoOpened) {
  auto dagstore = open_repo(impatient());
  ASSERT_TRUE(dagstore.ok());
  LocalStoreService local(*dagstore, {},
                          [] { return ServiceStatus{.pid = 4711}; });
  auto listener = listen_in_repo(repo_);
  ASSERT_TRUE(listener.ok());
  const auto server = RpcServer::start(std::move(*listener), local);
  ASSERT_TRUE(server.ok());
  const auto store = open_store(impatient());
  ASSERT_TRUE(store.ok()) << store.error().message();
  const auto status = (*store)->status();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->pid, 4711);
}

// What one way answers, the other answers too.
TEST_F(OpenStoreTest, BothWaysAnswerTheSame) {
  auto dagstore = open_repo(impatient());
  ASSERT_TRUE(dagstore.ok());
  LocalStoreService local(*dagstore, {}, [] { return ServiceStatus{}; });
  auto listener = listen_in_repo(repo_);
  ASSERT_TRUE(listener.ok());
  const auto server = RpcServer::start(std::move(*listener), local);
  ASSERT_TRUE(server.ok());
  auto socket = connect_in_repo(repo_);
  RpcStoreService remote(std::move(**socket));

  ASSERT_TRUE(
      remote.register_shards({{"good", good_url_}, {"bad", bad_url_}}).ok());
  const auto indexed = remote.initialize("good");
  ASSERT_TRUE(indexed.ok()) << indexed.error().message();
  EXPECT_EQ(indexed->piece->block_count, 1u);
  EXPECT_THAT(local.info("good"), IsOkAnd(*indexed));
  EXPECT_EQ(local.list("", 10)->shards, remote.list("", 10)->shards);
  for (const char* key : {"good", "bad"}) {
    EXPECT_EQ(*local.verify(key, {}), *remote.verify(key, {})) << key;
  }
  EXPECT_EQ(remote.verify("bad", {})->bad, 1u);
  EXPECT_THAT(remote.prove("good", {}), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(remote.prove("none", {}), FailsWith(ErrorCode::kNotFound));
  const std::string too_long(300, 'k');
  for (const std::string& key : {std::string("none"), too_long}) {
    const auto here = local.info(key);
    const auto there = remote.info(key);
    ASSERT_FALSE(here.ok());
    EXPECT_THAT(there, FailsWith(here.error().code()));
    EXPECT_EQ(there.error().message(), here.error().message());
  }
}

TEST_F(OpenStoreTest, PieceIsProvenByItsKey) {
  auto store = open_store(impatient());
  ASSERT_TRUE(store.ok());
  const std::string other =
      "baga6ea4seaqf6dw7bhx3c65s4nepiic2qtgzdfyywllbkmiz6vbchd2m3oboshi";
  ASSERT_TRUE((*store)->register_shards({{other, good_url_}}).ok());
  const auto wrong = (*store)->prove(other, {});
  ASSERT_TRUE(wrong.ok()) << wrong.error().message();
  EXPECT_THAT(wrong->problem, testing::HasSubstr(wrong->piece_cid));

  const std::string key = wrong->piece_cid;
  ASSERT_TRUE((*store)->register_shards({{key, good_url_}}).ok());
  const auto proof = (*store)->prove(key, {});
  ASSERT_TRUE(proof.ok()) << proof.error().message();
  EXPECT_EQ(proof->problem, "");
}

TEST_F(OpenStoreTest, ListIsPaged) {
  auto store = open_store(impatient());
  ASSERT_TRUE(store.ok());
  std::vector<NewShard> shards;
  for (int i = 0; i < 25; ++i) {
    shards.push_back({"k" + std::to_string(100 + i), good_url_});
  }
  ASSERT_TRUE((*store)->register_shards(shards).ok());
  std::string after;
  std::size_t seen = 0;
  bool more = true;
  while (more) {
    const auto page = (*store)->list(after, 10);
    ASSERT_TRUE(page.ok());
    ASSERT_FALSE(page->shards.empty());
    EXPECT_GT(page->shards.front().key, after);
    seen += page->shards.size();
    after = page->shards.back().key;
    more = page->more;
  }
  EXPECT_EQ(seen, 25u);
}

}  // namespace
}  // namespace dagfs::tools
