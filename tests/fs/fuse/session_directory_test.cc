// SPDX-License-Identifier: Apache-2.0 OR MIT

// Listing directories through the kernel.

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class SessionDirectory : public testing::Test {
 protected:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  using Stream = std::unique_ptr<DIR, Close>;

  void SetUp() override { DAGFS_SKIP_WITHOUT_FUSE(); }

  static std::vector<std::string> names_from(DIR* stream) {
    std::vector<std::string> names;
    // readdir() is safe on a stream of one's own.
    while (const dirent* entry =
               ::readdir(stream)) {  // NOLINT(concurrency-mt-unsafe)
      names.emplace_back(entry->d_name);
    }
    return names;
  }
  static std::vector<std::string> names_in(const std::string& path) {
    const Stream stream(::opendir(path.c_str()));
    return names_from(stream.get());
  }

  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

TEST_F(SessionDirectory, ListsItsNamesAndTheTwoEveryDirectoryHas) {
  root_->entries = {{"a", std::make_shared<FakeFile>("")},
                    {"b", std::make_shared<FakeDirectory>()}};
  const MountedTree tree(root_);
  EXPECT_THAT(names_in(tree.mountpoint()),
              UnorderedElementsAre(".", "..", "a", "b"));
  EXPECT_THAT(names_in(tree.path("b")), UnorderedElementsAre(".", ".."));
}

TEST_F(SessionDirectory, ListsAHundredThousandNamesOnceEach) {
  constexpr std::size_t kNames = 100'000;
  root_->entries["names"] = std::make_shared<WideDirectory>(kNames);
  const MountedTree tree(root_);

  const auto names = names_in(tree.path("names"));

  EXPECT_EQ(names.size(), kNames + 2);
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), kNames + 2);
}

TEST_F(SessionDirectory, ANameWhoseLookupFailsIsListedAllTheSame) {
  root_->entries["whole"] = std::make_shared<FakeFile>("");
  root_->broken = {"broken"};
  const MountedTree tree(root_);

  EXPECT_THAT(names_in(tree.mountpoint()),
              UnorderedElementsAre(".", "..", "whole", "broken"));
  struct stat status = {};
  EXPECT_EQ(::stat(tree.path("broken").c_str(), &status), -1);
  EXPECT_EQ(errno, EIO);
}

TEST_F(SessionDirectory, GoesOnWhereItWasLeft) {
  constexpr std::uint64_t kNames = 3000;
  auto wide = std::make_shared<WideDirectory>(kNames);
  wide->kept = Caching::kNever;  // Past the kernel's own cache.
  root_->entries["names"] = wide;
  const MountedTree tree(root_);
  const Stream stream(::opendir(tree.path("names").c_str()));
  for (int i = 0; i < 1000; ++i) {
    ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe)
  }
  const long place = ::telldir(stream.get());
  const auto rest = names_from(stream.get());

  ::seekdir(stream.get(), place);
  EXPECT_EQ(names_from(stream.get()), rest);
  ::rewinddir(stream.get());
  EXPECT_EQ(names_from(stream.get()).size(), kNames + 2);
}

TEST_F(SessionDirectory, AnErrorInTheMiddleComesAfterTheNamesBeforeIt) {
  root_->entries = {{"a", std::make_shared<FakeFile>("")},
                    {"b", std::make_shared<FakeFile>("")}};
  root_->list_error = Error(ErrorCode::kCorrupt, "the rest is missing");
  const MountedTree tree(root_);
  const Stream stream(::opendir(tree.mountpoint().c_str()));

  errno = 0;
  EXPECT_THAT(names_from(stream.get()),
              UnorderedElementsAre(".", "..", "a", "b"));
  EXPECT_EQ(errno, EIO);
}

TEST_F(SessionDirectory, TypesAndNumbersAreThoseThatStatTells) {
  root_->entries = {{"l", std::make_shared<FakeLink>("x")}};
  const MountedTree tree(root_);
  struct stat status = {};
  ASSERT_EQ(::lstat(tree.path("l").c_str(), &status), 0);
  const Stream stream(::opendir(tree.mountpoint().c_str()));
  while (const dirent* entry =
             ::readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (std::string_view(entry->d_name) != "l") continue;
    EXPECT_EQ(entry->d_type, DT_LNK);
    EXPECT_EQ(entry->d_ino, status.st_ino);
    return;
  }
  FAIL() << "not listed";
}

TEST_F(SessionDirectory, FindSeesEverythingBelow) {
  auto inner = std::make_shared<FakeDirectory>();
  inner->entries = {{"x", std::make_shared<FakeFile>("12")}};
  root_->entries = {{"d", inner}, {"y", std::make_shared<FakeFile>("345")}};
  const MountedTree tree(root_);
  EXPECT_EQ(shell("cd " + tree.mountpoint() +
                  " && find . -printf '%p %y %s\\n' | sort"),
            ". d 0\n./d d 0\n./d/x f 2\n./y f 3\n");
}

}  // namespace
}  // namespace dagfs::fs
