// SPDX-License-Identifier: Apache-2.0 OR MIT

// Files that the kernel reads by itself.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

// A multiple of what O_DIRECT needs.
constexpr std::size_t kSize = 3 << 20;

class SessionPassthrough : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    const std::string backing = folder_.write("backing", content_);
    auto opened = BackedFile::open(backing, BackedFile::By::kPassthrough);
    ASSERT_TRUE(opened.ok());
    (*opened)->queue = std::make_shared<Lane>();
    root_->entries = {{"f", *opened}};
    tree_.emplace(root_);
    path_ = tree_->path("f");
    const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(fd);
    if (tree_->counters().passthrough_opens == 0) {
      GTEST_SKIP() << "this kernel or user has no FUSE passthrough";
    }
  }

  std::uint64_t reads() const {
    return tree_->counters().requests(RequestKind::kRead);
  }

  const std::string content_ = pattern(kSize);
  const TemporaryFolder folder_;
  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
  std::optional<MountedTree> tree_;
  std::string path_;
};

TEST_F(SessionPassthrough, ReadsAreEqualAndNotOurs) {
  EXPECT_EQ(read_all(path_), content_);
  EXPECT_EQ(reads(), 0U);
}

TEST_F(SessionPassthrough, ReadsPastTheCacheAreEqual) {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  ASSERT_TRUE(fd);
  void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const ssize_t size = ::pread(fd.get(), memory, kSize, 0);
  const bool is_equal = size == ssize_t{kSize} &&
                        std::memcmp(memory, content_.data(), kSize) == 0;
  ::munmap(memory, kSize);
  if (size < 0 && errno == EINVAL) GTEST_SKIP() << "no O_DIRECT below";
  EXPECT_TRUE(is_equal);
}

TEST_F(SessionPassthrough, MappingsAreEqual) {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  for (const int flags : {MAP_SHARED, MAP_PRIVATE}) {
    void* memory = ::mmap(nullptr, kSize, PROT_READ, flags, fd.get(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_EQ(std::memcmp(memory, content_.data(), kSize), 0);
    ::munmap(memory, kSize);
  }
  EXPECT_EQ(reads(), 0U);
}

TEST_F(SessionPassthrough, SeveralOpensGoTogetherAndOneAfterTheOther) {
  for (int round = 0; round < 2; ++round) {
    const UniqueFd first(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd second(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(read_all(path_), content_);
  }
  EXPECT_EQ(reads(), 0U);
}

TEST_F(SessionPassthrough, AttributesAreThoseOfTheNode) {
  struct stat status = {};
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::fstat(fd.get(), &status), 0);
  EXPECT_EQ(status.st_size, off_t{kSize});
  EXPECT_EQ(status.st_mode, mode_t{S_IFREG | 0444});
}

TEST_F(SessionPassthrough, WhereItIsNotWantedReadsAreOursAndEqual) {
  const MountedTree other(
      root_, [](SessionOptions* options) { options->passthrough = false; });
  EXPECT_EQ(read_all(other.path("f")), content_);
  EXPECT_EQ(other.counters().passthrough_opens, 0U);
  EXPECT_GT(other.counters().requests(RequestKind::kRead), 0U);
}

}  // namespace
}  // namespace dagfs::fs
