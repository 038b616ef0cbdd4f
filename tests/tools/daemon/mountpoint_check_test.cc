// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/mountpoint_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::tools {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

TEST(LiesIn, ComparesWholeComponents) {
  EXPECT_TRUE(lies_in("/a/b", "/a"));
  EXPECT_TRUE(lies_in("/a", "/a"));
  EXPECT_TRUE(lies_in("/a", "/"));
  EXPECT_FALSE(lies_in("/ab", "/a"));
  EXPECT_FALSE(lies_in("/a", "/a/b"));
}

TEST(PrepareMountpoint, EmptyFolderIsTakenByItsRealPath) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("mnt"));
  std::filesystem::create_symlink("mnt", folder.path("link"));
  EXPECT_THAT(prepare_mountpoint(folder.path("mnt"), false),
              IsOkAnd(folder.path("mnt")));
  EXPECT_THAT(prepare_mountpoint(folder.path("link"), false),
              IsOkAnd(folder.path("mnt")));
}

TEST(PrepareMountpoint, WhatIsNoFolderIsRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(prepare_mountpoint(folder.path("absent"), false),
              FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(prepare_mountpoint(folder.write("file", ""), false),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(PrepareMountpoint, FolderWithEntriesMustBeAskedFor) {
  const TemporaryFolder folder;
  folder.write("mnt/file", "");
  EXPECT_THAT(prepare_mountpoint(folder.path("mnt"), false),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_TRUE(prepare_mountpoint(folder.path("mnt"), true).ok());
}

TEST(CheckApartFromRepo, NeitherMayCoverTheOther) {
  EXPECT_TRUE(check_apart_from_repo("/mnt", "/srv/repo").ok());
  EXPECT_TRUE(check_apart_from_repo("/srv/repository", "/srv/repo").ok());
  for (const char* mountpoint : {"/srv/repo", "/srv/repo/index", "/srv", "/"}) {
    EXPECT_THAT(check_apart_from_repo(mountpoint, "/srv/repo"),
                FailsWith(ErrorCode::kInvalidArgument))
        << mountpoint;
  }
}

TEST(CheckApartFromFiles, FoldersBelowTheMountpointWouldBeCovered) {
  const TemporaryFolder folder;
  const std::string cars = folder.path("data/cars");
  std::filesystem::create_directories(cars);
  std::filesystem::create_symlink(cars, folder.path("link"));
  for (const std::string& registered : {cars, folder.path("link")}) {
    EXPECT_THAT(check_apart_from_files(folder.path("data"), {registered}),
                FailsWith(ErrorCode::kInvalidArgument));
    EXPECT_THAT(check_apart_from_files(cars, {registered}),
                FailsWith(ErrorCode::kInvalidArgument));
  }
  EXPECT_TRUE(check_apart_from_files(cars + "/mnt", {cars}).ok());
  EXPECT_TRUE(check_apart_from_files(folder.path("mnt"), {cars}).ok());
  EXPECT_TRUE(
      check_apart_from_files(folder.path("data"), {folder.path("data/gone")})
          .ok());
}

}  // namespace
}  // namespace dagfs::tools
