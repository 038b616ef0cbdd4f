// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/level_db.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using testing::ElementsAre;
using testing::Optional;
using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

std::vector<std::string> keys_of(const LevelDb& db, std::string_view prefix,
                                 std::string_view from) {
  std::vector<std::string> keys;
  EXPECT_TRUE(
      db.for_each(prefix, from, [&](std::string_view key, std::string_view) {
          keys.emplace_back(key);
          return true;
        }).ok());
  return keys;
}

TEST(LevelDb, BatchIsThereAfterReopening) {
  const TemporaryFolder folder;
  {
    auto db = LevelDb::open(folder.path("db"));
    ASSERT_TRUE(db.ok()) << db.error().message();
    LevelDbBatch batch;
    batch.put("a", "1");
    batch.put("b", "2");
    batch.remove("a");
    ASSERT_TRUE(db->write(batch, Sync::kYes).ok());
  }
  const auto db = LevelDb::open(folder.path("db"));
  ASSERT_TRUE(db.ok());
  EXPECT_THAT(db->get("a"), IsOkAnd(testing::Eq(std::nullopt)));
  EXPECT_THAT(db->get("b"), IsOkAnd(Optional(std::string("2"))));
}

TEST(LevelDb, VisitsThePrefixFromTheGivenKey) {
  const TemporaryFolder folder;
  auto db = LevelDb::open(folder.path("db"));
  ASSERT_TRUE(db.ok());
  LevelDbBatch batch;
  for (const char* key : {"a/1", "b/1", "b/2", "b/3", "c/1"}) {
    batch.put(key, "");
  }
  ASSERT_TRUE(db->write(batch, Sync::kNo).ok());

  EXPECT_THAT(keys_of(*db, "b/", ""), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(keys_of(*db, "b/", "b/2"), ElementsAre("b/2", "b/3"));
  EXPECT_THAT(keys_of(*db, "b/", "b/9"), ElementsAre());
}

TEST(LevelDb, SecondOpenFails) {
  const TemporaryFolder folder;
  const auto first = LevelDb::open(folder.path("db"));
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(LevelDb::open(folder.path("db")), FailsWith(ErrorCode::kIo));
}

TEST(LevelDb, WhatIsNoDatabaseIsCorrupt) {
  const TemporaryFolder folder;
  folder.write("db/CURRENT", "MANIFEST-000001");  // Lacks its newline.
  EXPECT_THAT(LevelDb::open(folder.path("db")), FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::dagstore
