// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/index_repo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

ShardKey key_of(std::string_view text) { return ShardKey::parse(text).value(); }

void write_index(const IndexRepo& repo, const ShardKey& key,
                 std::string_view content) {
  auto file = repo.create(key);
  ASSERT_TRUE(file.ok()) << file.error().message();
  ASSERT_EQ(::write(file->fd(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  ASSERT_TRUE(std::move(*file).commit().ok());
}

// sha256("abc") begins with ba7816bf.
TEST(IndexRepo, PathFansOutByTheKeysHash) {
  EXPECT_EQ(IndexRepo("/r/index").path_of(key_of("abc")),
            "/r/index/ba/78/abc.idx");
}

TEST(IndexRepo, WrittenIndexIsFound) {
  const TemporaryFolder folder;
  const IndexRepo repo(folder.path());
  write_index(repo, key_of("k"), "12345");
  const auto file = repo.open(key_of("k"), 5);
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(file.value()->size(), 5U);
}

TEST(IndexRepo, LongestKeyIsAFileName) {
  const TemporaryFolder folder;
  write_index(IndexRepo(folder.path()), key_of(std::string(200, 'k')), "1");
}

TEST(IndexRepo, MissingAndCutFilesAreToldApart) {
  const TemporaryFolder folder;
  const IndexRepo repo(folder.path());
  EXPECT_THAT(repo.open(key_of("k"), 5), FailsWith(ErrorCode::kNotFound));
  write_index(repo, key_of("k"), "1234");
  EXPECT_THAT(repo.open(key_of("k"), 5), FailsWith(ErrorCode::kCorrupt));
}

TEST(IndexRepo, RemoveTakesLeftoversAlongAndIsNotSurprisedByAbsence) {
  const TemporaryFolder folder;
  const IndexRepo repo(folder.path());
  EXPECT_TRUE(repo.remove(key_of("k")).ok());
  write_index(repo, key_of("k"), "12345");
  folder.write(repo.path_of(key_of("k")).substr(folder.path().size()) + ".tmp",
               "left over");

  EXPECT_TRUE(repo.remove(key_of("k")).ok());
  const auto parent =
      std::filesystem::path(repo.path_of(key_of("k"))).parent_path();
  EXPECT_TRUE(std::filesystem::is_empty(parent));
}

TEST(Sha256Of, IsThatOfTheWholeFile) {
  const ByteView abc = as_bytes("abc");
  EXPECT_THAT(
      sha256_of(MemoryFile(Bytes(abc.begin(), abc.end()))),
      IsOkAnd(std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410"
                          "ff61f20015ad")));
  EXPECT_NE(sha256_of(MemoryFile(Bytes(300'000))).value(),
            sha256_of(MemoryFile(Bytes(300'001))).value());
}

}  // namespace
}  // namespace dagfs::dagstore
