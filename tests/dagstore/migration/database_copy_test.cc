// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/database_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "dagstore/level_db.h"
#include "tests/support/provider_repo_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;

TEST(CopyLevelDb, CopyOfAnOpenDatabaseHasWhatWasWritten) {
  const tests::TemporaryFolder folder;
  auto original = LevelDb::open(folder.path("original"));
  ASSERT_TRUE(original.ok());
  LevelDbBatch batch;
  batch.put("key", "value");
  ASSERT_TRUE(original->write(batch, Sync::kNo).ok());

  ASSERT_TRUE(copy_level_db(folder.path("original"), folder.path("copy")).ok());
  const auto copy = LevelDb::open(folder.path("copy"));
  ASSERT_TRUE(copy.ok());
  const auto value = copy->get("key");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, "value");
  EXPECT_FALSE(std::filesystem::exists(folder.path("copy/LOCK.old")));
}

TEST(CopyLevelDb, FolderWithoutADatabaseIsNotFound) {
  const tests::TemporaryFolder folder;
  EXPECT_THAT(copy_level_db(folder.path("none"), folder.path("copy")),
              FailsWith(ErrorCode::kNotFound));
}

TEST(CopyLevelDb, CurrentThatNamesNoManifestIsCorrupt) {
  const tests::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("original"));
  for (const char* text : {"", "../x\n", "MANIFEST-1/../../x\n"}) {
    std::ofstream(folder.path("original/CURRENT")) << text;
    EXPECT_THAT(copy_level_db(folder.path("original"), folder.path("copy")),
                FailsWith(ErrorCode::kCorrupt))
        << text;
  }
}

TEST(CopyFolder, IsEmptyAtFirstAndGoneInTheEnd) {
  const tests::TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("work/left"));
  {
    const auto work = CopyFolder::create(folder.path("work"));
    ASSERT_TRUE(work.ok());
    EXPECT_TRUE(std::filesystem::is_empty(folder.path("work")));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path("work")));
}

}  // namespace
}  // namespace dagfs::dagstore
