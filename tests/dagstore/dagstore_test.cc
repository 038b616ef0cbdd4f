// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/dagstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "dagstore/index_repo.h"
#include "dagstore/level_db.h"
#include "tests/dagstore/store_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using tests::FailsWith;
using tests::IsOkAnd;

class DagstoreTest : public StoreFixture {
 protected:
  std::string index_path(std::string_view key) const {
    return IndexRepo(folder.path("repo/index")).path_of(key_of(key));
  }

  // Inverts one byte of the index of `key`, `from_end` bytes before its end.
  void flip_index_byte(std::string_view key, int from_end) {
    std::fstream file(index_path(key),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-from_end, std::ios::end);
    const auto byte = static_cast<char>(~file.get());
    file.seekp(-from_end, std::ios::end);
    file.put(byte);
    ASSERT_TRUE(file.good());
  }
};

TEST_F(DagstoreTest, RegisteringReadsNothing) {
  add("a", Bytes(10));
  const auto info = store->info(key_of("a"));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->state, ShardState::kNew);
  EXPECT_EQ(info->url, "fault:a");
  EXPECT_FALSE(info->piece.has_value());
  EXPECT_EQ(sources["a"].opens(), 0U);
}

TEST_F(DagstoreTest, FirstAcquireIndexes) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));

  const auto info = store->info(key_of("a"));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->state, ShardState::kAvailable);
  ASSERT_TRUE(info->piece.has_value());
  EXPECT_THAT(info->piece->roots, ElementsAre(car.cid));
  EXPECT_EQ(info->piece->block_count, 1U);
  EXPECT_EQ(info->piece->size, car.bytes().size());
  EXPECT_EQ(info->piece->embedded_index, "none");
  EXPECT_TRUE(info->indexed_at.has_value());
}

TEST_F(DagstoreTest, LeaseMakesItServing) {
  add("a", OneBlockCar("hello").bytes());
  {
    const auto first = acquire("a");
    const auto second = acquire("a");
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(state("a"), ShardState::kServing);
    EXPECT_EQ(store->info(key_of("a"))->leases, 2U);
  }
  EXPECT_EQ(state("a"), ShardState::kAvailable);
}

TEST_F(DagstoreTest, NextProcessUsesTheIndexItFinds) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  const unsigned opens = sources["a"].opens();

  reopen();
  EXPECT_EQ(state("a"), ShardState::kAvailable);
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
  EXPECT_EQ(sources["a"].opens(), opens + 1) << "one to open, none to index";
}

TEST_F(DagstoreTest, UnknownShardIsNotFoundAndNamed) {
  const auto lease = acquire("nobody");
  EXPECT_THAT(lease, FailsWith(ErrorCode::kNotFound));
  EXPECT_EQ(lease.error().message(), "shard nobody: not registered");
  EXPECT_THAT(store->info(key_of("nobody")), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(store->destroy(key_of("nobody")),
              FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(store->open_piece(key_of("nobody")),
              FailsWith(ErrorCode::kNotFound));
}

TEST_F(DagstoreTest, RegisteringEachTellsWhatBecameOfIt) {
  add("taken", Bytes(10));
  sources["new"];
  sources["last"];
  const auto outcomes = store->register_each({{key_of("new"), "fault:new"},
                                              {key_of("taken"), "fault:taken"},
                                              {key_of("taken"), "fault:twice"},
                                              {key_of("unknown"), "nothing:x"},
                                              {key_of("last"), "fault:last"}});

  ASSERT_TRUE(outcomes.ok());
  ASSERT_EQ(outcomes->size(), 5U);
  EXPECT_THAT((*outcomes)[0], IsOkAnd(Dagstore::Outcome::kRegistered));
  EXPECT_THAT((*outcomes)[1], IsOkAnd(Dagstore::Outcome::kThereAlready));
  EXPECT_THAT((*outcomes)[2], FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_FALSE((*outcomes)[3].ok());
  EXPECT_TRUE(store->info(key_of("last")).ok());
  EXPECT_FALSE(store->info(key_of("unknown")).ok());
  const auto again = store->register_each(
      {{key_of("taken"), "fault:other"}, {key_of("new"), "fault:new"}});
  ASSERT_TRUE(again.ok());
  EXPECT_THAT((*again)[0], FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT((*again)[1], IsOkAnd(Dagstore::Outcome::kThereAlready));
}

TEST_F(DagstoreTest, RegistrationIsAllOrNone) {
  add("a", {});
  sources["b"];
  EXPECT_THAT(store->register_shards(
                  {{key_of("b"), "fault:b"}, {key_of("a"), "fault:a"}}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->register_shards(
                  {{key_of("b"), "fault:b"}, {key_of("b"), "fault:b"}}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->register_shards(
                  {{key_of("b"), "fault:b"}, {key_of("c"), "nothing:c"}}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->info(key_of("b")), FailsWith(ErrorCode::kNotFound));
  EXPECT_TRUE(store->register_shards({{key_of("b"), "fault:b"}}).ok());
}

TEST_F(DagstoreTest, ChangedPieceIsIndexedAnewAndTheOldLeaseToldSo) {
  const OneBlockCar before("before");
  const OneBlockCar after("after!");
  add("a", before.bytes());
  const auto old = acquire("a");
  ASSERT_TRUE(old.ok());
  sources["a"].set_bytes(after.bytes());

  EXPECT_THAT((*old)->check_unchanged(), FailsWith(ErrorCode::kStale));
  const auto fresh = acquire("a");
  ASSERT_TRUE(fresh.ok()) << fresh.error().message();
  EXPECT_GT((*fresh)->generation(), (*old)->generation());
  EXPECT_TRUE((*fresh)->check_unchanged().ok());
  EXPECT_THAT(read("a", after.cid), IsOkAnd(std::string("after!")));
  EXPECT_THAT(read("a", before.cid), FailsWith(ErrorCode::kNotFound));
  EXPECT_EQ(store->info(key_of("a"))->leases, 2U);
}

TEST_F(DagstoreTest, PieceThatChangedWhileNobodyLookedIsIndexedAnew) {
  const OneBlockCar before("before");
  const OneBlockCar after("after!");
  add("a", before.bytes());
  ASSERT_TRUE(acquire("a").ok());
  store.reset();
  sources["a"].set_bytes(after.bytes());
  reopen();
  EXPECT_THAT(read("a", after.cid), IsOkAnd(std::string("after!")));
}

TEST_F(DagstoreTest, MissingIndexIsRebuilt) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  std::filesystem::remove(index_path("a"));
  reopen();
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
  EXPECT_TRUE(std::filesystem::exists(index_path("a")));
}

TEST_F(DagstoreTest, IndexCutAnywhereIsRebuilt) {
  open_shards_max = 0;  // So that each look opens the index anew.
  reopen();
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  const auto size = std::filesystem::file_size(index_path("a"));
  for (std::uintmax_t cut = 0; cut < size; ++cut) {
    std::filesystem::resize_file(index_path("a"), cut);
    EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello"))) << cut;
    EXPECT_EQ(std::filesystem::file_size(index_path("a")), size);
  }
}

TEST_F(DagstoreTest, IndexDamagedAnywhereNeverLosesABlockForGood) {
  open_shards_max = 0;
  reopen();
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  const auto size =
      static_cast<int>(std::filesystem::file_size(index_path("a")));
  for (int from_end = 1; from_end <= size; ++from_end) {
    flip_index_byte("a", from_end);
    const auto lease = acquire("a");
    ASSERT_TRUE(lease.ok()) << lease.error().message();
    if ((*lease)->blocks().get(car.cid).ok()) continue;
    EXPECT_THAT((*lease)->check_index(), FailsWith(ErrorCode::kStale));
    EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello"))) << from_end;
  }
}

TEST_F(DagstoreTest, SoundIndexIsNotBlamedForAMissingBlock) {
  add("a", OneBlockCar("hello").bytes());
  const auto lease = acquire("a");
  ASSERT_TRUE(lease.ok());
  EXPECT_TRUE((*lease)->check_index().ok());
  EXPECT_TRUE((*lease)->check_index().ok());
}

TEST_F(DagstoreTest, DestroyRemovesRecordAndIndex) {
  add("a", OneBlockCar("hello").bytes());
  ASSERT_TRUE(acquire("a").ok());
  ASSERT_TRUE(store->destroy(key_of("a")).ok());
  EXPECT_THAT(store->info(key_of("a")), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(index_path("a")));
  reopen();
  EXPECT_THAT(store->info(key_of("a")), FailsWith(ErrorCode::kNotFound));
}

// The Go dagstore deletes the record although it refused.
TEST_F(DagstoreTest, DestroyIsRefusedWhileLeasesAreOut) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  {
    const auto lease = acquire("a");
    ASSERT_TRUE(lease.ok());
    const Status destroyed = store->destroy(key_of("a"));
    EXPECT_THAT(destroyed, FailsWith(ErrorCode::kUnavailable));
    EXPECT_THAT(destroyed.error().message(), HasSubstr("1 lease"));
  }
  reopen();
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
  EXPECT_TRUE(store->destroy(key_of("a")).ok());
}

TEST_F(DagstoreTest, KeyRegisteredAnewDoesNotAdoptTheOldIndex) {
  const OneBlockCar before("before");
  const OneBlockCar after("after!");
  add("a", before.bytes());
  ASSERT_TRUE(acquire("a").ok());
  const std::string orphan = folder.path("orphan");
  std::filesystem::copy_file(index_path("a"), orphan);
  ASSERT_TRUE(store->destroy(key_of("a")).ok());
  std::filesystem::copy_file(orphan, index_path("a"));

  add("a", after.bytes());
  EXPECT_THAT(read("a", after.cid), IsOkAnd(std::string("after!")));
}

TEST_F(DagstoreTest, DamagedRecordConcernsOneShardAndCanBeDestroyed) {
  const OneBlockCar car("hello");
  add("a", {});
  add("b", car.bytes());
  store.reset();
  {
    auto db = LevelDb::open(folder.path("repo/registry"));
    ASSERT_TRUE(db.ok());
    LevelDbBatch batch;
    batch.put("shard/a", "{\"version\":1,");
    ASSERT_TRUE(db->write(batch, Sync::kYes).ok());
  }
  reopen();
  const auto info = store->info(key_of("a"));
  EXPECT_THAT(info, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(info.error().message(), StartsWith("shard a: registry record"));
  EXPECT_THAT(acquire("a"), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(read("b", car.cid), IsOkAnd(std::string("hello")));

  EXPECT_TRUE(store->destroy(key_of("a")).ok());
  add("a", car.bytes());
  EXPECT_THAT(read("a", car.cid), IsOkAnd(std::string("hello")));
}

TEST_F(DagstoreTest, ListsShardsInOrderWithTheirLiveState) {
  const OneBlockCar car("hello");
  add("b", car.bytes());
  add("a", {});
  add("c", {});
  const auto lease = acquire("b");
  std::vector<std::pair<std::string, ShardState>> seen;
  ASSERT_TRUE(store
                  ->for_each("a",
                             [&](const ShardInfo& info) {
                               seen.emplace_back(info.key.text(), info.state);
                               return true;
                             })
                  .ok());
  EXPECT_THAT(seen, ElementsAre(std::pair("b", ShardState::kServing),
                                std::pair("c", ShardState::kNew)));
  std::vector<std::string> keys;
  ASSERT_TRUE(store
                  ->for_each_key("",
                                 [&](std::string_view key) {
                                   keys.emplace_back(key);
                                   return true;
                                 })
                  .ok());
  EXPECT_THAT(keys, ElementsAre("a", "b", "c"));
}

TEST_F(DagstoreTest, WhatIsNoCarCanStillBeReadAsAPiece) {
  add("a", Bytes(100, std::byte{0xff}));
  const auto lease = acquire("a");
  EXPECT_THAT(lease, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(lease.error().message(), StartsWith("shard a: index piece: "));
  const auto piece = store->open_piece(key_of("a"));
  ASSERT_TRUE(piece.ok());
  EXPECT_EQ(piece.value()->size(), 100U);
  EXPECT_EQ(store->piece_stamp(key_of("a"))->size, 100U);
}

TEST_F(DagstoreTest, OnlyIdleShardsBeyondTheMaximumAreClosed) {
  open_shards_max = 1;
  reopen();
  for (const char* key : {"a", "b", "c"}) {
    add(key, OneBlockCar(key).bytes());
  }
  std::optional<ShardLease> lease = acquire("a").value();
  const std::uint64_t generation = (*lease)->generation();
  ASSERT_TRUE(acquire("b").ok());
  ASSERT_TRUE(acquire("c").ok());  // Takes the one idle place from b.
  EXPECT_EQ(acquire("a").value()->generation(), generation);

  const unsigned opens = sources["c"].opens();
  ASSERT_TRUE(acquire("c").ok());
  EXPECT_EQ(sources["c"].opens(), opens);
  ASSERT_TRUE(acquire("b").ok());
  EXPECT_EQ(sources["b"].opens(), 3U);
}

TEST_F(DagstoreTest, HundredThousandShardsAreRegisteredAtOnceAndFoundAgain) {
  constexpr int kCount = 100'000;
  sources["all"];
  std::vector<Dagstore::Registration> shards;
  for (int i = 0; i < kCount; ++i) {
    shards.push_back({key_of("baga6ea4seaq" + std::to_string(i)), "fault:all"});
  }
  ASSERT_TRUE(store->register_shards(shards).ok());
  reopen();

  int count = 0;
  std::string last;
  ASSERT_TRUE(store
                  ->for_each_key("",
                                 [&](std::string_view key) {
                                   EXPECT_LT(last, key);
                                   last = key;
                                   ++count;
                                   return true;
                                 })
                  .ok());
  EXPECT_EQ(count, kCount);
  EXPECT_TRUE(store->info(key_of("baga6ea4seaq77777")).ok());
}

TEST_F(DagstoreTest, LeaseMayOutliveTheStore) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  const auto lease = acquire("a");
  store.reset();
  ASSERT_TRUE(lease.ok());
  EXPECT_TRUE((*lease)->blocks().get(car.cid).ok());
}

TEST_F(DagstoreTest, MovedRepoFindsItsPieces) {
  const OneBlockCar car("hello");
  const Bytes bytes = car.bytes();
  folder.write("repo/pieces/a.car", as_text(bytes));
  ASSERT_TRUE(
      store->register_shards({{key_of("a"), "file:pieces/a.car"}}).ok());
  ASSERT_TRUE(acquire("a").ok());
  store.reset();
  std::filesystem::rename(folder.path("repo"), folder.path("moved"));

  mount::MountRegistry mounts;
  mounts.add("file", mount::FileMount::factory(folder.path("moved")));
  auto moved =
      Dagstore::open({.repo = folder.path("moved")}, std::move(mounts));
  ASSERT_TRUE(moved.ok()) << moved.error().message();
  EXPECT_TRUE(moved.value()->acquire(key_of("a")).ok());
}

TEST_F(DagstoreTest, FoldersOfFilesOutsideTheRepoAreKnown) {
  ASSERT_TRUE(store
                  ->register_shards({{key_of("a"), "file:///srv/cars/a.car"},
                                     {key_of("b"), "file:///srv/cars/b.car"},
                                     {key_of("c"), "file:pieces/c.car"}})
                  .ok());
  EXPECT_THAT(store->backing_folders(), IsOkAnd(ElementsAre("/srv/cars")));
}

TEST_F(DagstoreTest, SecondOpenIsUnavailable) {
  EXPECT_THAT(Dagstore::open({.repo = folder.path("repo")}, {}),
              FailsWith(ErrorCode::kUnavailable));
  EXPECT_EQ(store->repo(), folder.path("repo"));
}

TEST_F(DagstoreTest, VerifyCountsGoodBadAndUnknownBlocks) {
  tests::CarBuilder builder;
  const car::Cid good = builder.block("good");
  builder.block("also good");
  builder.section(OneBlockCar("bad").cid, as_bytes("not that"));
  constexpr car::HashCode kUnknown{0x9999};
  builder.section(
      car::Cid::v1(car::Codec::kRaw, {kUnknown, as_bytes("digest")}),
      as_bytes("x"));
  builder.root(good);
  add("a", builder.bytes());

  std::uint64_t done = 0;
  const auto report =
      store->verify(key_of("a"), [&](std::uint64_t bytes) { done = bytes; });
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->blocks, 4U);
  EXPECT_EQ(report->unverifiable, 1U);
  ASSERT_EQ(report->bad.size(), 1U);
  EXPECT_THAT(report->bad[0], StartsWith(OneBlockCar("bad").cid.to_string()));
}

TEST_F(DagstoreTest, VerifyTakesZerosToTheEndForPaddingAndNothingElse) {
  OneBlockCar car("hello");
  car.builder.zeros(100);
  Bytes piece = car.bytes();
  add("a", piece);
  EXPECT_TRUE(acquire("a").ok());
  const auto report = store->verify(key_of("a"), nullptr);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->blocks, 1U);

  piece.back() = std::byte{1};
  sources["a"].set_bytes(piece);
  EXPECT_THAT(store->verify(key_of("a"), nullptr),
              FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::dagstore
