// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/small_file_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "car/unixfs/file_builder.h"
#include "tests/support/dag_builder.h"
#include "tests/support/memory_sink.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::FailsWith;
using tests::MemorySink;
using tests::pseudo_random_bytes;

Status add(SmallFileBuilder* files, ByteView content) {
  const auto room = DAGFS_TRY(files->room(content.size()));
  std::ranges::copy(content, room.begin());
  files->add(content.size());
  return ok_status();
}

BuiltDag alone(const ImportProfile& profile, ByteView content) {
  MemorySink sink;
  FileBuilder file(profile, sink, nullptr);
  EXPECT_TRUE(file.append(content).ok());
  return file.finish().value();
}

TEST(SmallFileBuilder, FilesAreThoseOfFileBuilder) {
  HashPool pool(2);
  for (const NamedProfile& named : import_profiles()) {
    ImportProfile profile = named.profile;
    profile.chunk_size = 1000;
    MemorySink sink;
    SmallFileBuilder files(profile, sink, &pool);
    // Twice, since it goes on after settling.
    for (std::uint64_t round = 0; round < 2; ++round) {
      std::vector<Bytes> contents;
      for (std::uint64_t i = 0; i < 500; ++i) {
        const std::size_t size = i % 97 == 0 ? 1000 : i * 7 % 300;
        contents.push_back(pseudo_random_bytes(size, i + round));
        ASSERT_TRUE(add(&files, contents.back()).ok());
      }
      const auto built = files.settle();
      ASSERT_TRUE(built.ok());
      ASSERT_EQ(built->size(), contents.size());
      for (std::size_t i = 0; i < contents.size(); ++i) {
        const BuiltDag expected = alone(profile, contents[i]);
        ASSERT_EQ((*built)[i].cid, expected.cid) << named.name << ' ' << i;
        EXPECT_EQ((*built)[i].size, expected.size);
        EXPECT_EQ((*built)[i].total_size, expected.total_size);
      }
    }
    EXPECT_EQ(sink.complaint(), "");
  }
}

TEST(SmallFileBuilder, NothingSettlesToNothing) {
  MemorySink sink;
  SmallFileBuilder files({}, sink, nullptr);
  EXPECT_TRUE(files.settle()->empty());
  // Room that was not filled is no file.
  ASSERT_TRUE(files.room(10).ok());
  EXPECT_TRUE(files.settle()->empty());
}

TEST(SmallFileBuilder, EmptyFilesAreFiles) {
  MemorySink sink;
  SmallFileBuilder files({}, sink, nullptr);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(add(&files, {}).ok());
  const auto built = files.settle();
  ASSERT_EQ(built->size(), 3U);
  EXPECT_EQ(built->front().cid, alone({}, {}).cid);
  EXPECT_EQ(sink.blocks().size(), 1U);
}

TEST(SmallFileBuilder, WholeChunksFit) {
  HashPool pool(2);
  MemorySink sink;
  const ImportProfile profile;
  SmallFileBuilder files(profile, sink, &pool);
  const Bytes content = pseudo_random_bytes(profile.chunk_size);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(add(&files, content).ok());
  const auto built = files.settle();
  ASSERT_EQ(built->size(), 40U);
  EXPECT_EQ(built->back().cid, alone(profile, content).cid);
}

TEST(SmallFileBuilder, ErrorOfTheSinkStays) {
  HashPool pool(2);
  MemorySink sink;
  sink.fail_from(1, Error(ErrorCode::kIo, "the disk says no"));
  SmallFileBuilder files({}, sink, &pool);
  ASSERT_TRUE(add(&files, as_bytes("a")).ok());
  ASSERT_TRUE(add(&files, as_bytes("b")).ok());
  EXPECT_THAT(files.settle(), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(files.settle(), FailsWith(ErrorCode::kIo));
}

}  // namespace
}  // namespace dagfs::car
