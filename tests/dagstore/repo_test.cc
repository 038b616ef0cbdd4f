// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/repo.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using testing::HasSubstr;
using tests::FailsWith;
using tests::TemporaryFolder;

TEST(Repo, CreatedRepoOpens) {
  const TemporaryFolder parent;
  const std::string folder = parent.path("repo");
  ASSERT_TRUE(Repo::create(folder).ok());
  const auto repo = Repo::open(folder);
  ASSERT_TRUE(repo.ok()) << repo.error().message();
  EXPECT_EQ(repo->folder(), folder);
  EXPECT_TRUE(std::filesystem::is_directory(repo->registry_folder()));
  EXPECT_TRUE(std::filesystem::is_directory(repo->index_folder()));
}

TEST(Repo, FolderInUseIsNotMadeARepo) {
  const TemporaryFolder parent;
  parent.write("used/file", "x");
  EXPECT_THAT(Repo::create(parent.path("used")),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(Repo::create(parent.path("used/file")),
              FailsWith(ErrorCode::kIo));
  EXPECT_THAT(Repo::create(parent.path("no/parent")),
              FailsWith(ErrorCode::kIo));
}

TEST(Repo, RepoIsNotMadeTwice) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Repo::create(folder.path()).ok());
  // In whatever order a folder lists its entries, the settings are not first
  // of all of these.
  for (const char* name : {"a/x", "index/x", "lock", "registry/x", "zz"}) {
    folder.write(name, "");
  }
  const Status again = Repo::create(folder.path());
  EXPECT_THAT(again, FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(again.error().message(), HasSubstr("already"));
}

TEST(Repo, HalfMadeRepoCanBeMade) {
  const TemporaryFolder folder;
  folder.write("dagfs.toml.tmp", "versi");
  EXPECT_TRUE(Repo::create(folder.path()).ok());
}

TEST(Repo, FolderWithoutSettingsIsNoRepo) {
  const TemporaryFolder folder;
  EXPECT_THAT(Repo::open(folder.path()), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(Repo::open(folder.path("none")), FailsWith(ErrorCode::kNotFound));
}

TEST(Repo, SecondOpenNamesTheHolder) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Repo::create(folder.path()).ok());
  const auto first = Repo::open(folder.path());
  ASSERT_TRUE(first.ok());

  const auto second = Repo::open(folder.path());
  EXPECT_THAT(second, FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(second.error().message(),
              HasSubstr("process " + std::to_string(::getpid())));
}

TEST(Repo, ClosedRepoOpensAgain) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Repo::create(folder.path()).ok());
  { const auto first = Repo::open(folder.path()); }
  EXPECT_TRUE(Repo::open(folder.path()).ok());
}

TEST(Repo, LockOfGoLevelDbIsRespected) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Repo::create(folder.path()).ok());
  folder.write("registry/LOCK", "");
  const UniqueFd go(::open(folder.path("registry/LOCK").c_str(), O_RDWR));
  ASSERT_EQ(::flock(go.get(), LOCK_EX | LOCK_NB), 0);

  EXPECT_THAT(Repo::open(folder.path()), FailsWith(ErrorCode::kUnavailable));
}

TEST(Repo, OpenRepoLocksGoLevelDbOut) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Repo::create(folder.path()).ok());
  const auto repo = Repo::open(folder.path());
  ASSERT_TRUE(repo.ok());
  const UniqueFd go(::open(folder.path("registry/LOCK").c_str(), O_RDWR));
  EXPECT_NE(::flock(go.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(Repo, SettingsMayBeEditedByHand) {
  const TemporaryFolder folder;
  folder.write("dagfs.toml", "\r\n# mine\n  version=1  # one\r\n");
  EXPECT_TRUE(Repo::open(folder.path()).ok());
}

TEST(Repo, OtherVersionIsRefused) {
  const TemporaryFolder folder;
  folder.write("dagfs.toml", "version = 2\n");
  EXPECT_THAT(Repo::open(folder.path()), FailsWith(ErrorCode::kUnsupported));
}

TEST(Repo, BadSettingsAreCorrupt) {
  for (const char* text :
       {"", "# nothing\n", "version", "version = ", "version = one",
        "version = 1 2", "version = -1", "version = 99999999999999999999",
        "version = 1\nversion = 1\n", "versions = 1", "= 1", "[version]"}) {
    const TemporaryFolder folder;
    folder.write("dagfs.toml", text);
    EXPECT_THAT(Repo::open(folder.path()), FailsWith(ErrorCode::kCorrupt))
        << text;
  }
}

}  // namespace
}  // namespace dagfs::dagstore
