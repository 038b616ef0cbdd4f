// SPDX-License-Identifier: Apache-2.0 OR MIT

// Shards whose pieces lie in a sector.

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "mount/piece/piece_cid.h"
#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/payloads.h"
#include "tests/support/result_matchers.h"
#include "tests/support/sector_builder.h"

namespace dagfs::fs {
namespace {

using dagstore::ShardState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNull;
using tests::attribute_of;
using tests::FailsWith;
using tests::IsOkAnd;
using tests::pseudo_random;

// Two CARs and something else, none of them at the sector's beginning.
class SectorShards : public TreeFixture {
 protected:
  static constexpr std::uint64_t kSectorSize = std::uint64_t{8} << 20;

  struct Stored {
    Bytes payload;
    tests::SectorBuilder::Place place;
  };

  SectorShards() {
    sector.add(pseudo_random(100, 9));
    hello_root = dag.file("hello");
    store_piece("hello", car_of(dag, {hello_root}).bytes());
    big_root = big_dag.file(as_text(big_content));
    store_piece("big", car_of(big_dag, {big_root}).bytes());
    store_piece("noise", pseudo_random(5000, 2));
    sector.write(path);
  }

  void store_piece(const std::string& key, Bytes payload) {
    const auto place = sector.add(payload);
    stored[key] = {std::move(payload), place};
  }

  void register_piece(const std::string& key, bool with_size) {
    const Stored& piece = stored.at(key);
    mount::SectorUrl url{.path = path, .place = piece.place};
    if (with_size) url.payload = mount::UnpaddedSize(piece.payload.size());
    register_url(key, mount::sector_url_from(url));
  }

  Bytes whole(const std::string& key) const {
    const Stored& piece = stored.at(key);
    Bytes bytes = piece.payload;
    bytes.resize(piece.place.size.unpadded().bytes());
    return bytes;
  }

  tests::DagBuilder dag;
  car::Cid hello_root;
  tests::DagBuilder big_dag;
  const Bytes big_content = pseudo_random(2'000'000, 3);
  car::Cid big_root;
  std::map<std::string, Stored> stored;
  tests::SectorBuilder sector{kSectorSize};
  const std::string path = folder.path("miner/unsealed/s-t01000-7");
};

TEST_F(SectorShards, CarAndWholePieceAreByteExact) {
  for (const bool with_size : {false, true}) {
    const std::string key = with_size ? "big" : "hello";
    register_piece(key, with_size);
    const std::string shard = "shards/" + key;
    EXPECT_THAT(tests::list(*at(shard)).names(),
                ElementsAre("piece.car", "piece.bin", "index.idx", "shard.json",
                            "root", "roots", "blocks"));
    EXPECT_EQ(tests::read_all(*at(shard + "/piece.car")).value(),
              stored[key].payload);
    EXPECT_EQ(tests::read_all(*at(shard + "/piece.bin")).value(), whole(key));
  }
  EXPECT_THAT(tests::read_text(*below("hello", hello_root)), IsOkAnd("hello"));
  EXPECT_EQ(tests::read_all(*below("big", big_root)).value(), big_content);
}

TEST_F(SectorShards, LookingAtThemTouchesNoByteOfThePiece) {
  register_piece("big", /*with_size=*/true);
  EXPECT_EQ(attributes(*at("shards/big/piece.car")).size,
            stored["big"].payload.size());
  EXPECT_EQ(attributes(*at("shards/big/piece.bin")).size, whole("big").size());
  EXPECT_EQ(state("big"), ShardState::kNew);
}

TEST_F(SectorShards, WhatIsNoCarHasItsWholePiece) {
  register_piece("noise", /*with_size=*/false);
  EXPECT_THAT(tests::list(*at("shards/noise")).names(),
              ElementsAre("piece.bin", "shard.json", "roots", "blocks"));
  EXPECT_EQ(tests::read_all(*at("shards/noise/piece.bin")).value(),
            whole("noise"));
  EXPECT_FALSE(at("shards/noise")->lookup("piece.car").ok());
  EXPECT_EQ(state("noise"), ShardState::kErrored);
}

TEST_F(SectorShards, PayloadThatCutsTheCarIsAnError) {
  register_url("cut", mount::sector_url_from(
                          {.path = path,
                           .place = stored["big"].place,
                           .payload = mount::UnpaddedSize(1'000'000)}));
  EXPECT_FALSE(at("shards/cut/roots")->open_directory().ok());
  EXPECT_THAT(attribute_of(*at("shards/cut"), "user.dagfs.error"),
              HasSubstr("a payload of 1000000 bytes was announced"));
}

TEST_F(SectorShards, FilesHaveNoWholePieceBesideThem) {
  add("plain", stored["hello"].payload);
  EXPECT_THAT(at("shards/plain")->lookup("piece.bin"), IsOkAnd(IsNull()));
}

TEST_F(SectorShards, TheOneThatIsFreedIsUnavailableAndNoOther) {
  for (const char* key : {"hello", "big", "noise"}) register_piece(key, false);
  tests::list(*at("shards/hello"));
  tests::list(*at("shards/big"));
  sector.allocate({tests::run_of(stored["hello"].place),
                   tests::run_of(stored["noise"].place)});
  tests::rewrite_trailer(
      path, kSectorSize,
      ByteView(sector.bytes()).subspan(sector.data().size()));

  EXPECT_THAT(tests::list(*at("shards/big")).names(),
              ElementsAre("shard.json", "roots", "blocks"));
  EXPECT_FALSE(at("shards/big/blocks")->open_directory().ok());
  EXPECT_THAT(attribute_of(*at("shards/big"), "user.dagfs.error"),
              HasSubstr("not unsealed here"));
  EXPECT_THAT(at("shards/big")->lookup("piece.bin"),
              FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(at("shards/big")->lookup("piece.car"),
              FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(tests::read_text(*below("hello", hello_root)), IsOkAnd("hello"));
  EXPECT_EQ(tests::read_all(*at("shards/noise/piece.bin")).value(),
            whole("noise"));
}

TEST_F(SectorShards, VerifyChecksThePieceToItsEnd) {
  register_piece("hello", /*with_size=*/false);
  const auto key = dagstore::ShardKey::parse("hello").value();
  const auto report = store->verify(key, nullptr);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->blocks, 1U);
}

// Two CARs and something else in one piece.
class AggregateShard : public SectorShards {
 protected:
  AggregateShard() {
    const Bytes whole_piece =
        tests::aggregate_of({stored["hello"].payload, stored["noise"].payload,
                             stored["big"].payload},
                            std::uint64_t{8} << 20);
    tests::SectorBuilder own(kSectorSize);
    const auto place = own.add(whole_piece);
    own.write(file);
    register_url("all", mount::sector_url_from({.path = file, .place = place}));
  }

  const std::string file = folder.path("miner/unsealed/s-t01000-8");
};

TEST_F(AggregateShard, SegmentsHaveTheSameInsideAsShards) {
  EXPECT_THAT(tests::list(*at("shards/all/segments")).names(),
              ElementsAre("0", "1", "2"));
  const std::vector<std::string> inside = {
      "piece.car", "piece.bin", "index.idx", "shard.json",
      "root",      "roots",     "blocks"};
  EXPECT_EQ(tests::list(*at("shards/all/segments/2")).names(), inside);
  EXPECT_EQ(tests::read_all(*at("shards/all/segments/2/piece.car")).value(),
            stored["big"].payload);
  EXPECT_EQ(tests::read_all(*at("shards/all/segments/2/piece.bin")).value(),
            whole("big"));
  EXPECT_EQ(tests::read_all(
                *at("shards/all/segments/2/roots/" + big_root.to_string()))
                .value(),
            big_content);
  EXPECT_THAT(tests::read_text(
                  *at("shards/all/segments/0/roots/" + hello_root.to_string())),
              IsOkAnd("hello"));
}

TEST_F(AggregateShard, BlocksOfAllSegmentsAreFoundInTheShardItself) {
  const NodePtr blocks = at("shards/all/blocks");
  EXPECT_THAT(
      tests::read_text(*at("shards/all/blocks/" + hello_root.to_string())),
      IsOkAnd("hello"));
  for (const tests::DagBlock& block : big_dag.blocks()) {
    const auto found = blocks->lookup(block.cid.to_string());
    ASSERT_THAT(found, IsOkAnd(testing::NotNull()));
    EXPECT_EQ(tests::read_all(**found).value(), block.bytes);
  }
}

TEST_F(AggregateShard, SegmentThatIsNoCarIsOneThatFails) {
  EXPECT_THAT(tests::list(*at("shards/all/segments/1")).names(),
              ElementsAre("piece.bin", "shard.json", "roots", "blocks"));
  EXPECT_EQ(tests::read_all(*at("shards/all/segments/1/piece.bin")).value(),
            whole("noise"));
}

TEST_F(AggregateShard, OnlyNumbersOfSegmentsAreThere) {
  for (const char* name : {"3", "00", "+1", "x", "18446744073709551616"}) {
    EXPECT_THAT(at("shards/all/segments")->lookup(name), IsOkAnd(IsNull()))
        << name;
  }
  register_piece("hello", /*with_size=*/true);
  EXPECT_THAT(at("shards/hello")->lookup("segments"), IsOkAnd(IsNull()));
}

TEST_F(AggregateShard, SegmentsAreNotListedAmongShardsAndGoWithTheirs) {
  tests::list(*at("shards/all/segments/0"));
  EXPECT_THAT(tests::list(*at("shards")).names(), ElementsAre("all"));
  const auto key = dagstore::ShardKey::parse("all").value();
  const auto segment = dagstore::ShardKey::of_segment(key, 0);
  EXPECT_TRUE(store->info(segment).ok());
  ASSERT_TRUE(store->destroy(key).ok());
  EXPECT_THAT(store->acquire(dagstore::ShardKey::of_segment(key, 2)),
              FailsWith(ErrorCode::kNotFound));
}

TEST_F(AggregateShard, VerifyNamesTheSegmentThatFails) {
  const auto report =
      store->verify(dagstore::ShardKey::parse("all").value(), nullptr);
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().message(), HasSubstr("segment 1"));
}

TEST_F(SectorShards, LotusUrlFindsThePieceThroughTheTable) {
  const car::Cid piece = mount::piece_cid_v1({});
  register_url("lotus", "lotus://" + piece.to_string());
  EXPECT_THAT(at("shards/lotus")->lookup("piece.bin"),
              FailsWith(ErrorCode::kUnavailable));

  ASSERT_TRUE(store
                  ->add_pieces({{.piece = piece,
                                 .copy = {.sector = {1000, 7},
                                          .place = stored["hello"].place}}})
                  .ok());
  const std::string config =
      folder.write("storage.json", R"({"StoragePaths":[{"Path":")" +
                                       folder.path("miner") + R"("}]})");
  ASSERT_TRUE(store->add_storage_config(config).ok());
  EXPECT_EQ(tests::read_all(*at("shards/lotus/piece.bin")).value(),
            whole("hello"));
  EXPECT_EQ(tests::read_all(*at("shards/lotus/piece.car")).value(),
            stored["hello"].payload);
}

TEST_F(SectorShards, SixteenThreadsReadAtRandom) {
  register_piece("big", /*with_size=*/true);
  const Bytes wanted = whole("big");
  const auto handle = at("shards/big/piece.bin")->open_file();
  ASSERT_TRUE(handle.ok());
  std::atomic<unsigned> wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned seed = 1; seed <= 16; ++seed) {
    threads.emplace_back([&, seed] {
      std::minstd_rand random(seed);
      for (int i = 0; i < 20; ++i) {
        const std::size_t offset = random() % wanted.size();
        const std::size_t size =
            std::min(random() % 50'000, wanted.size() - offset);
        const auto found = tests::read_range(**handle, {offset, size});
        const ByteView right = ByteView(wanted).subspan(offset, size);
        if (!found.ok() || !std::ranges::equal(*found, right)) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace dagfs::fs
