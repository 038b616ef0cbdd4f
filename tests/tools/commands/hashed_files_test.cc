// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/hashed_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::tools {
namespace {

HashedFile hashed_file(const std::string& path) {
  HashedFile file{.path = path,
                  .stamp = {.size = 1000, .mtime_ns = -5, .inode = 7},
                  .commitment = {}};
  file.commitment.root.fill(std::byte{0x2a});
  file.commitment.payload = mount::UnpaddedSize(1000);
  file.commitment.piece =
      mount::PieceSize::holding(file.commitment.payload).value();
  return file;
}

TEST(HashedFile, LineReadsBackAsItWasWritten) {
  for (const std::string path : {"/a b.car", "/\xff\n\"", "/\xc3\xa4"}) {
    const HashedFile file = hashed_file(path);
    const auto read = decode_hashed_file(encode_hashed_file(file));
    ASSERT_TRUE(read.has_value()) << path;
    EXPECT_EQ(read->path, file.path);
    EXPECT_EQ(read->stamp, file.stamp);
    EXPECT_EQ(read->commitment, file.commitment);
  }
}

TEST(HashedFile, CutLineIsNone) {
  const std::string line = encode_hashed_file(hashed_file("/a"));
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(decode_hashed_file(line.substr(0, size)).has_value()) << size;
  }
}

TEST(HashedFile, LineWithMembersOfOtherTypesIsNone) {
  for (const std::string line :
       {R"({"path":1,"size":1,"mtime_ns":1,"inode":1,"root":""})",
        R"({"path":"a","size":-1,"mtime_ns":1,"inode":1,"root":"00"})",
        R"({"path_hex":"0","size":1,"mtime_ns":1,"inode":1,"root":"00"})",
        "[]"}) {
    EXPECT_FALSE(decode_hashed_file(line).has_value()) << line;
  }
}

TEST(HashedFiles, AreRememberedUntilTheFileIsWritten) {
  const tests::TemporaryFolder folder;
  const HashedFile file = hashed_file("/a");
  {
    auto files = HashedFiles::open(folder.path("state"));
    ASSERT_TRUE(files.ok());
    ASSERT_TRUE(files->add(file).ok());
  }
  // What a crash leaves, and a line after it.
  std::ofstream(folder.path("state"), std::ios::app) << R"({"path":"/b)";
  {
    auto files = HashedFiles::open(folder.path("state"));
    ASSERT_TRUE(files.ok());
    ASSERT_TRUE(files->add(hashed_file("/c")).ok());
  }

  const auto files = HashedFiles::open(folder.path("state"));
  ASSERT_TRUE(files.ok());
  EXPECT_NE(files->find("/a", file.stamp), nullptr);
  EXPECT_NE(files->find("/c", file.stamp), nullptr);
  EXPECT_EQ(files->find("/b", file.stamp), nullptr);
  FileStamp later = file.stamp;
  ++later.mtime_ns;
  EXPECT_EQ(files->find("/a", later), nullptr);
}

}  // namespace
}  // namespace dagfs::tools
