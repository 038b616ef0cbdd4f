// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dagstore/store_fixture.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

ShardInfo shard(std::string_view key) {
  return {.key = key_of(key), .url = "file:" + std::string(key)};
}

ShardRegistry open(const TemporaryFolder& folder) {
  auto registry = ShardRegistry::open(folder.path("registry"));
  EXPECT_TRUE(registry.ok()) << registry.error().message();
  return std::move(registry).value();
}

std::vector<std::string> keys_after(const ShardRegistry& registry,
                                    std::string_view after) {
  std::vector<std::string> keys;
  EXPECT_TRUE(registry
                  .for_each_key(after,
                                [&](std::string_view key) {
                                  keys.emplace_back(key);
                                  return true;
                                })
                  .ok());
  return keys;
}

// Puts `record` where the registry keeps the shard `key`.
void write_raw(const TemporaryFolder& folder, std::string_view key,
               std::string_view record) {
  auto db = LevelDb::open(folder.path("registry"));
  ASSERT_TRUE(db.ok()) << db.error().message();
  LevelDbBatch batch;
  batch.put("shard/" + std::string(key), record);
  ASSERT_TRUE(db->write(batch, Sync::kNo).ok());
}

TEST(ShardRegistry, AddedShardsAreThereAfterReopening) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open(folder).add({shard("a"), shard("b")}, {}).ok());

  const ShardRegistry registry = open(folder);
  const auto info = registry.get(key_of("b"));
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->url, "file:b");
  EXPECT_THAT(registry.contains(key_of("a")), IsOkAnd(true));
  EXPECT_THAT(registry.contains(key_of("c")), IsOkAnd(false));
  EXPECT_THAT(registry.get(key_of("c")), FailsWith(ErrorCode::kNotFound));
}

TEST(ShardRegistry, RemovedShardIsGone) {
  const TemporaryFolder folder;
  ShardRegistry registry = open(folder);
  ASSERT_TRUE(registry.add({shard("a")}, {}).ok());
  ASSERT_TRUE(registry.remove(key_of("a")).ok());
  EXPECT_THAT(registry.contains(key_of("a")), IsOkAnd(false));
}

TEST(ShardRegistry, ListsInOrderFromTheCursor) {
  const TemporaryFolder folder;
  ShardRegistry registry = open(folder);
  ASSERT_TRUE(
      registry.add({shard("b"), shard("a"), shard("a.b"), shard("c")}, {"/x"})
          .ok());
  EXPECT_THAT(keys_after(registry, ""), ElementsAre("a", "a.b", "b", "c"));
  EXPECT_THAT(keys_after(registry, "a"), ElementsAre("a.b", "b", "c"));
  EXPECT_THAT(keys_after(registry, "aa"), ElementsAre("b", "c"));
  EXPECT_THAT(keys_after(registry, "c"), ElementsAre());
}

TEST(ShardRegistry, VisitorMayStop) {
  const TemporaryFolder folder;
  ShardRegistry registry = open(folder);
  ASSERT_TRUE(registry.add({shard("a"), shard("b")}, {}).ok());
  int visits = 0;
  EXPECT_TRUE(
      registry.for_each("", [&](ShardInfo&&) { return ++visits < 1; }).ok());
  EXPECT_EQ(visits, 1);
}

TEST(ShardRegistry, DamagedRecordIsCorruptAndHidesNoOther) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open(folder).add({shard("a"), shard("b"), shard("c")}, {}).ok());
  write_raw(folder, "b", "{\"version\":1");

  const ShardRegistry registry = open(folder);
  EXPECT_THAT(registry.get(key_of("b")), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(registry.contains(key_of("b")), IsOkAnd(true));

  std::vector<ShardInfo> seen;
  EXPECT_TRUE(registry
                  .for_each("",
                            [&](ShardInfo&& info) {
                              seen.push_back(std::move(info));
                              return true;
                            })
                  .ok());
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].state, ShardState::kNew);
  EXPECT_EQ(seen[1].key.text(), "b");
  EXPECT_EQ(seen[1].state, ShardState::kErrored);
  EXPECT_THAT(seen[1].error, HasSubstr("registry record"));
  EXPECT_EQ(seen[2].state, ShardState::kNew);
}

TEST(ShardRegistry, RowThatCannotBeAKeyIsSteppedOver) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open(folder).add({shard("a")}, {}).ok());
  write_raw(folder, "a/b", "{}");
  int visits = 0;
  EXPECT_TRUE(open(folder)
                  .for_each("",
                            [&](ShardInfo&&) {
                              ++visits;
                              return true;
                            })
                  .ok());
  EXPECT_EQ(visits, 1);
}

TEST(ShardRegistry, BackingFoldersAreEachKeptOnce) {
  const TemporaryFolder folder;
  ShardRegistry registry = open(folder);
  ASSERT_TRUE(registry.add({shard("a")}, {"/srv/cars", "/mnt"}).ok());
  ASSERT_TRUE(registry.add({shard("b")}, {"/srv/cars"}).ok());
  EXPECT_THAT(registry.backing_folders(),
              IsOkAnd(ElementsAre("/mnt", "/srv/cars")));
}

}  // namespace
}  // namespace dagfs::dagstore
