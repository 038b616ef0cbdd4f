// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/shard_node.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/fixtures.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using dagstore::ShardState;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNull;
using testing::Not;
using tests::attribute_of;
using tests::FailsWith;
using tests::IsOkAnd;

class ShardDirectory : public TreeFixture {
 protected:
  // One file and one root.
  car::Cid add_hello(const std::string& key) {
    tests::DagBuilder dag;
    const car::Cid cid = dag.file("hello");
    add(key, dag, {cid});
    return cid;
  }

  static Bytes garbage() {
    const ByteView text = as_bytes("this is no CAR");
    return {text.begin(), text.end()};
  }
};

TEST_F(ShardDirectory, ShowsWhatTheDesignSays) {
  add_hello("k");
  EXPECT_THAT(tests::list(*at("shards/k")).names(),
              ElementsAre("piece.car", "index.idx", "shard.json", "root",
                          "roots", "blocks"));
  for (const auto& entry : tests::list(*at("shards/k")).entries) {
    const Attributes found = attributes(*at("shards/k/" + entry.name));
    EXPECT_EQ(found.inode, entry.inode) << entry.name;
    EXPECT_EQ(found.type, entry.type);
  }
  EXPECT_THAT(at("shards/k")->lookup("other"), IsOkAnd(IsNull()));
}

TEST_F(ShardDirectory, LookingAtItDoesNotInitialize) {
  add_hello("k");
  attributes(*at("shards/k"));
  attributes(*at("shards/k/piece.car"));
  attributes(*at("shards/k/shard.json"));
  ASSERT_TRUE(tests::read_all(*at("shards/k/piece.car")).ok());
  ASSERT_TRUE(tests::read_all(*at("shards/k/shard.json")).ok());
  attribute_of(*at("shards/k"), "user.dagfs.state");
  EXPECT_EQ(state("k"), ShardState::kNew);
}

TEST_F(ShardDirectory, LookingInsideInitializes) {
  for (const char* inside : {"roots", "blocks", "root", "index.idx"}) {
    const std::string key = std::string("k-") + inside;
    add_hello(key);
    at("shards/" + key + "/" + inside);
    EXPECT_NE(state(key), ShardState::kNew) << inside;
  }
  add_hello("listed");
  tests::list(*at("shards/listed"));
  EXPECT_NE(state("listed"), ShardState::kNew);
}

TEST_F(ShardDirectory, PieceAndIndexAreTheBytesBehind) {
  tests::DagBuilder dag;
  const car::Cid cid = dag.file("hello");
  const Bytes car = car_of(dag, {cid}).bytes();
  add("k", car);
  EXPECT_THAT(tests::read_all(*at("shards/k/piece.car"), 10), IsOkAnd(car));
  EXPECT_EQ(attributes(*at("shards/k/piece.car")).size, car.size());
  EXPECT_THAT(
      tests::read_all(*at("shards/k/index.idx")),
      IsOkAnd(car_of(dag, {cid})
                  .encoded_index(car::IndexCodec::kMultihashIndexSorted)));
  const auto handle = at("shards/k/piece.car")->open_file();
  EXPECT_GE((*handle)->passthrough_fd(), 0);
}

TEST_F(ShardDirectory, RootLeadsToTheOnlyRoot) {
  const car::Cid cid = add_hello("k");
  EXPECT_THAT(at("shards/k/root")->read_link(),
              IsOkAnd("roots/" + cid.to_string()));
}

TEST_F(ShardDirectory, RootOfAReplacedPieceIsAnotherLink) {
  add_hello("k");
  const std::uint64_t inode_before = attributes(*at("shards/k/root")).inode;
  tests::DagBuilder dag;
  const car::Cid other = dag.raw("another content");
  std::filesystem::remove(piece_path("k"));
  write_piece("k", car_of(dag, {other}).bytes());

  const NodePtr after = at("shards/k/root");
  EXPECT_THAT(after->read_link(), IsOkAnd("roots/" + other.to_string()));
  EXPECT_NE(attributes(*after).inode, inode_before);
}

TEST_F(ShardDirectory, NoRootLinkWhereThereAreNoneOrSeveral) {
  tests::DagBuilder dag;
  const car::Cid one = dag.raw("1");
  const car::Cid two = dag.raw("2");
  add("none", dag, {});
  add("two", dag, {one, two});
  add("same", dag, {one, one});
  EXPECT_THAT(at("shards/none")->lookup("root"), IsOkAnd(IsNull()));
  EXPECT_THAT(at("shards/two")->lookup("root"), IsOkAnd(IsNull()));
  EXPECT_THAT(tests::list(*at("shards/two")).names(), Not(Contains("root")));
  EXPECT_THAT(tests::list(*at("shards/same")).names(), Contains("root"));
  EXPECT_THAT(tests::list(*at("shards/same/roots")).names(),
              ElementsAre(one.to_string()));
}

TEST_F(ShardDirectory, RootsTakeAnySpellingOfACid) {
  const car::Cid cid = add_hello("k");
  const std::string hex = "f" + to_hex(cid.bytes());
  const NodePtr found = at("shards/k/roots/" + hex);
  EXPECT_EQ(attributes(*found).inode, attributes(*below("k", cid)).inode);
  EXPECT_THAT(at("shards/k/roots")->lookup("nonsense"), IsOkAnd(IsNull()));
  tests::DagBuilder other;
  EXPECT_THAT(at("shards/k/roots")->lookup(other.raw("x").to_string()),
              IsOkAnd(IsNull()));
}

TEST_F(ShardDirectory, SaysHowTheShardIs) {
  add_hello("k");
  tests::list(*at("shards/k"));
  const NodePtr node = at("shards/k");
  EXPECT_EQ(attribute_of(*node, "user.dagfs.shard"), "k");
  EXPECT_EQ(attribute_of(*node, "user.dagfs.state"), "ShardStateAvailable");
  EXPECT_EQ(attribute_of(*node, "user.dagfs.error"), "");
  EXPECT_EQ(attribute_of(*node, "user.other"), "");
  EXPECT_THAT(node->attribute_names(),
              ElementsAre("user.dagfs.shard", "user.dagfs.state"));
}

TEST_F(ShardDirectory, OneThatFailsShowsWhatItCanAndWhy) {
  add("bad", garbage());
  add_hello("good");
  EXPECT_THAT(tests::list(*at("shards/bad")).names(),
              ElementsAre("piece.car", "shard.json", "roots", "blocks"));
  for (const char* inside : {"roots", "blocks"}) {
    const NodePtr node = at(std::string("shards/bad/") + inside);
    EXPECT_THAT(node->open_directory(), Not(FailsWith(ErrorCode::kNotFound)));
    EXPECT_FALSE(node->open_directory().ok());
    EXPECT_FALSE(node->lookup("x").ok());
    EXPECT_NE(attribute_of(*node, "user.dagfs.error"), "");
  }
  EXPECT_FALSE(at("shards/bad")->lookup("index.idx").ok());
  EXPECT_FALSE(at("shards/bad")->lookup("root").ok());
  EXPECT_THAT(tests::read_all(*at("shards/bad/piece.car")), IsOkAnd(garbage()));
  const NodePtr bad = at("shards/bad");
  EXPECT_EQ(attribute_of(*bad, "user.dagfs.state"), "ShardStateErrored");
  EXPECT_NE(attribute_of(*bad, "user.dagfs.error"), "");
  EXPECT_THAT(bad->attribute_names(), Contains("user.dagfs.error"));

  EXPECT_FALSE(tests::list(*at("shards/good/roots")).error);
}

TEST_F(ShardDirectory, OneWithoutItsPieceDoesNotListIt) {
  register_file("gone", folder.path("pieces/nowhere.car"));
  EXPECT_THAT(tests::list(*at("shards/gone")).names(),
              ElementsAre("shard.json", "roots", "blocks"));
  EXPECT_FALSE(at("shards/gone")->lookup("piece.car").ok());
}

TEST_F(ShardDirectory, OneThatIsDestroyedIsLookedUpAgain) {
  add_hello("k");
  const NodePtr node = at("shards/k");
  const NodePtr roots = at("shards/k/roots");
  ASSERT_TRUE(store->destroy(dagstore::ShardKey::parse("k").value()).ok());
  EXPECT_THAT(node->attributes(), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(node->open_directory(), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(node->lookup("roots"), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(roots->attributes(), FailsWith(ErrorCode::kStale));
}

TEST_F(ShardDirectory, PieceThatIsReplacedIsAnotherFile) {
  add_hello("k");
  const NodePtr before = at("shards/k/piece.car");
  const std::uint64_t inode_before = attributes(*before).inode;
  const Bytes other = tests::CarBuilder().bytes();
  std::filesystem::remove(piece_path("k"));
  write_piece("k", other);

  EXPECT_THAT(before->attributes(), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(before->open_file(), FailsWith(ErrorCode::kStale));
  const NodePtr after = at("shards/k/piece.car");
  EXPECT_NE(attributes(*after).inode, inode_before);
  EXPECT_THAT(tests::read_all(*after), IsOkAnd(other));
}

TEST_F(ShardDirectory, PieceThatIsWrittenToWhileOpenIsAnError) {
  add_hello("k");
  const auto handle = at("shards/k/piece.car")->open_file();
  ASSERT_TRUE(handle.ok());
  std::filesystem::resize_file(piece_path("k"), 1 << 20);
  ReadBuffers buffers;
  EXPECT_FALSE((*handle)->read({.offset = 0, .size = 10}, &buffers).ok());
  EXPECT_FALSE((*handle)->confirm().ok());
}

TEST_F(ShardDirectory, JsonSaysWhatIsKnownBeforeAndAfterTheFirstLook) {
  const car::Cid cid = add_hello("k");
  const NodePtr file = at("shards/k/shard.json");
  auto json = nlohmann::json::parse(tests::read_text(*file).value());
  EXPECT_EQ(json["key"], "k");
  EXPECT_EQ(json["state"], "ShardStateNew");
  EXPECT_TRUE(json["roots"].is_null());
  EXPECT_TRUE(json["indexed_at"].is_null());
  EXPECT_TRUE(json["error"].is_null());

  tests::list(*at("shards/k"));
  json = nlohmann::json::parse(tests::read_text(*file).value());
  EXPECT_EQ(json["state"], "ShardStateAvailable");
  EXPECT_EQ(json["roots"], nlohmann::json::array({cid.to_string()}));
  EXPECT_EQ(json["block_count"], 1);
  EXPECT_EQ(json["car_version"], 1);
  EXPECT_EQ(json["size"], std::filesystem::file_size(piece_path("k")));
  EXPECT_THAT(json["indexed_at"].get<std::string>(), HasSubstr("T"));
  EXPECT_EQ(json["leases"], 0);
}

TEST_F(ShardDirectory, JsonIsMadeUpAtEachOpen) {
  add_hello("k");
  const NodePtr file = at("shards/k/shard.json");
  EXPECT_EQ(file->caching(), Caching::kNever);
  EXPECT_TRUE((*file->open_file())->direct_io());
  EXPECT_EQ(attributes(*file).size, tests::read_text(*file)->size());
}

}  // namespace
}  // namespace dagfs::fs
