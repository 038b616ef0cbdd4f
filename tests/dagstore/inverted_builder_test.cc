// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/inverted_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/dagstore/store_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class InvertedBuilderTest : public StoreFixture {
 protected:
  // After what was noted so far is worked off.
  std::vector<std::string> find(const car::Cid& cid) {
    EXPECT_TRUE(store->wait_until_settled(std::chrono::seconds(30)));
    const auto found = store->find_shards(cid.multihash());
    EXPECT_TRUE(found.ok());
    std::vector<std::string> keys;
    for (const ShardKey& shard : *found) keys.push_back(shard.text());
    return keys;
  }

  InvertedIndex::SweepReport count_entries() {
    store.reset();
    const auto inverted = InvertedIndex::open(folder.path("repo/inverted"));
    EXPECT_TRUE(inverted.ok());
    const std::atomic<bool> cancelled = false;
    const auto report =
        (*inverted)->sweep(InvertedIndex::SweepMode::kDryRun, cancelled);
    EXPECT_TRUE(report.ok());
    return *report;
  }
};

TEST_F(InvertedBuilderTest, IndexedShardIsFoundRegisteredOneIsNot) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  add("b", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(car.cid), ElementsAre("a"));
  ASSERT_TRUE(acquire("b").ok());
  EXPECT_THAT(find(car.cid), UnorderedElementsAre("a", "b"));
}

TEST_F(InvertedBuilderTest, DestroyedShardIsNotFoundAndLeavesNoEntries) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(car.cid), ElementsAre("a"));
  ASSERT_TRUE(store->destroy(key_of("a")).ok());
  EXPECT_THAT(find(car.cid), IsEmpty());
  EXPECT_EQ(count_entries().entries, 0U);
}

TEST_F(InvertedBuilderTest, ReplacedContentLeavesNoEntries) {
  const OneBlockCar before("before");
  const OneBlockCar after("after!!");
  add("a", before.bytes());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(before.cid), ElementsAre("a"));
  sources["a"].set_bytes(after.bytes());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(after.cid), ElementsAre("a"));
  EXPECT_THAT(find(before.cid), IsEmpty());
  EXPECT_EQ(count_entries().entries, 1U);
}

TEST_F(InvertedBuilderTest, RepoWithoutInvertedIndexGetsOne) {
  const OneBlockCar car("hello");
  constexpr int kShards = 300;  // More than are looked at in one go.
  std::vector<Dagstore::Registration> shards;
  for (int i = 0; i < kShards; ++i) {
    const std::string name = "s" + std::to_string(i);
    sources[name].set_bytes(car.bytes());
    shards.push_back({.key = key_of(name), .url = "fault:" + name});
  }
  ASSERT_TRUE(store->register_shards(shards).ok());
  for (std::size_t i = 0; i < kShards; i += 50) {
    ASSERT_TRUE(acquire(shards[i].key.text()).ok());
  }
  store.reset();
  std::filesystem::remove_all(folder.path("repo/inverted"));
  reopen();
  EXPECT_THAT(find(car.cid), testing::SizeIs(kShards / 50));
}

TEST_F(InvertedBuilderTest, FailedShardStaysAsItWasLastIndexed) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(car.cid), ElementsAre("a"));
  sources["a"].set_bytes(Bytes(10));
  EXPECT_FALSE(acquire("a").ok());
  EXPECT_THAT(find(car.cid), ElementsAre("a"));
}

TEST_F(InvertedBuilderTest, DamagedIndexIsLeftOutUntilItIsMadeAnew) {
  const OneBlockCar car("hello");
  add("a", car.bytes());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(car.cid), ElementsAre("a"));
  store.reset();
  std::filesystem::remove_all(folder.path("repo/inverted"));
  std::filesystem::resize_file(
      IndexRepo(folder.path("repo/index")).path_of(key_of("a")), 5);
  reopen();
  EXPECT_THAT(find(car.cid), IsEmpty());
  ASSERT_TRUE(acquire("a").ok());
  EXPECT_THAT(find(car.cid), ElementsAre("a"));
}

TEST_F(InvertedBuilderTest, LookUpsAndChangesGoOnAtOnce) {
  const OneBlockCar car("hello");
  for (const char* name : {"a", "b", "c", "d"}) add(name, car.bytes());
  std::atomic<bool> is_done = false;
  std::thread reader([&] {
    while (!is_done) {
      EXPECT_TRUE(store->find_shards(car.cid.multihash()).ok());
    }
  });
  for (int round = 0; round < 5; ++round) {
    for (const char* name : {"a", "b", "c", "d"}) {
      EXPECT_TRUE(acquire(name).ok());
      EXPECT_TRUE(store->destroy(key_of(name)).ok());
      EXPECT_TRUE(store
                      ->register_shards({{.key = key_of(name),
                                          .url = std::string("fault:") + name}})
                      .ok());
    }
  }
  is_done = true;
  reader.join();
  EXPECT_THAT(find(car.cid), IsEmpty());
}

}  // namespace
}  // namespace dagfs::dagstore
