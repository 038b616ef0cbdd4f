// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/file_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

TEST(FileUrl, AbsoluteAndRelativeFormsAreRead) {
  EXPECT_THAT(path_from_file_url("file:///srv/a.car"),
              IsOkAnd(std::string("/srv/a.car")));
  EXPECT_THAT(path_from_file_url("file://localhost/srv/a.car"),
              IsOkAnd(std::string("/srv/a.car")));
  EXPECT_THAT(path_from_file_url("file:/srv/a.car"),
              IsOkAnd(std::string("/srv/a.car")));
  EXPECT_THAT(path_from_file_url("file:pieces/a:b.car"),
              IsOkAnd(std::string("pieces/a:b.car")));
}

TEST(FileUrl, EveryByteButNulSurvivesTheRoundTrip) {
  std::string name;
  for (int c = 1; c < 256; ++c) name.push_back(static_cast<char>(c));
  for (const std::string& path : {"/" + name, "pieces" + name}) {
    EXPECT_THAT(path_from_file_url(file_url_from_path(path)), IsOkAnd(path));
  }
}

TEST(FileUrl, OnlyWhatAUrlCannotHoldIsEncoded) {
  EXPECT_EQ(file_url_from_path("/a b/s-t01000-1,é%?#.car"),
            "file:///a%20b/s-t01000-1,%C3%A9%25%3F%23.car");
}

TEST(FileUrl, MalformedUrlsAreInvalid) {
  for (const std::string_view url :
       {"http://a/b", "/srv/a.car", "file:", "file://", "file://host/a",
        "file://host", "file:///a%", "file:///a%2", "file:///a%2g",
        "file:///a%00b", "file:///a?b", "file:///a#b"}) {
    EXPECT_THAT(path_from_file_url(url), FailsWith(ErrorCode::kInvalidArgument))
        << url;
  }
}

TEST(FileUrl, RelativePathsCannotLeaveTheRepo) {
  for (const std::string_view url :
       {"file:../a", "file:a/../b", "file:a/..", "file:./a", "file:a//b",
        "file:a/", "file:%2Fetc/passwd", "file:%2e%2e/a"}) {
    EXPECT_THAT(path_from_file_url(url), FailsWith(ErrorCode::kInvalidArgument))
        << url;
  }
}

TEST(FileUrlFor, FileInsideTheRepoIsRelative) {
  const TemporaryFolder repo;
  repo.write("pieces/a b.car", "x");
  EXPECT_THAT(file_url_for(repo.path("pieces/./a b.car"), repo.path()),
              IsOkAnd(std::string("file:pieces/a%20b.car")));
}

TEST(FileUrlFor, FileElsewhereIsAbsoluteAndWithoutLinks) {
  const TemporaryFolder repo;
  const TemporaryFolder disk;
  const std::string file = disk.write("real/a.car", "x");
  std::filesystem::create_directory_symlink(disk.path("real"),
                                            disk.path("link"));
  EXPECT_THAT(file_url_for(disk.path("link/a.car"), repo.path()),
              IsOkAnd("file://" + file));
}

TEST(FileUrlFor, SiblingWithTheReposNameAsPrefixIsOutside) {
  const TemporaryFolder parent;
  parent.write("repo/x", "");
  const std::string file = parent.write("repo2/a.car", "x");
  EXPECT_THAT(file_url_for(file, parent.path("repo")),
              IsOkAnd("file://" + file));
}

TEST(FileUrlFor, MissingFilesAndFoldersAreRefused) {
  const TemporaryFolder repo;
  EXPECT_THAT(file_url_for(repo.path("none"), repo.path()),
              FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(file_url_for(repo.path(), repo.path()),
              FailsWith(ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace dagfs::mount
