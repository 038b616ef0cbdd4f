// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/file_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "car/unixfs/file_layout.h"
#include "tests/support/dag_builder.h"
#include "tests/support/fake_block_source.h"
#include "tests/support/memory_sink.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::DagBuilder;
using tests::DagLeaves;
using tests::FailsWith;
using tests::FakeBlockSource;
using tests::MemorySink;
using tests::pseudo_random_bytes;

// Small nodes, so that little content has many levels.
const ImportProfile kSmall{.chunk_size = 10, .links_max = 3};

Bytes read_back(const MemorySink& sink, const Cid& root) {
  const FakeBlockSource source(sink.blocks());
  const auto layout = FileLayout::open(source, root).value();
  std::vector<FileExtent> extents;
  EXPECT_TRUE(layout->map({0, layout->size()}, &extents).ok());
  Bytes content;
  for (const FileExtent& extent : extents) {
    const Bytes bytes =
        extent.bytes == nullptr
            ? source.read(extent.block.offset + extent.block_offset,
                          extent.size)
            : Bytes(extent.bytes->begin() +
                        static_cast<std::ptrdiff_t>(extent.block_offset),
                    extent.bytes->begin() +
                        static_cast<std::ptrdiff_t>(extent.block_offset +
                                                    extent.size));
    content.insert(content.end(), bytes.begin(), bytes.end());
  }
  return content;
}

// Appends in portions of `portion` bytes.
BuiltDag build(FileBuilder* file, ByteView content, std::size_t portion,
               const NodeAttributes& attributes = {}) {
  while (!content.empty()) {
    const std::size_t size = std::min(portion, content.size());
    EXPECT_TRUE(file->append(content.first(size)).ok());
    content = content.subspan(size);
  }
  auto built = file->finish(attributes);
  EXPECT_TRUE(built.ok()) << built.error().message();
  return *built;
}

Cid expected_root(ByteView content, DagLeaves leaves) {
  DagBuilder dag;
  return dag.file(content,
                  {.chunk_size = 10, .links_max = 3, .leaves = leaves});
}

TEST(FileBuilder, RootsAreThoseOfASecondImplementation) {
  HashPool pool(2);
  // Around every number of leaves at which a node fills or a level begins.
  for (const std::size_t size :
       {0U, 1U, 9U, 10U, 11U, 20U, 29U, 30U, 31U, 89U, 90U, 91U, 100U, 269U,
        270U, 271U, 810U, 811U, 1000U}) {
    const Bytes content = pseudo_random_bytes(size, size);
    MemorySink sink;
    FileBuilder file(kSmall, sink, &pool);
    const BuiltDag built = build(&file, content, 7);
    EXPECT_EQ(built.cid, expected_root(content, DagLeaves::kRaw)) << size;
    EXPECT_EQ(built.size, size);
    EXPECT_EQ(read_back(sink, built.cid), content) << size;
    EXPECT_EQ(sink.complaint(), "");
  }
}

TEST(FileBuilder, WrappedLeavesToo) {
  ImportProfile profile = kSmall;
  profile.leaves = LeafFormat::kDagPb;
  for (const std::size_t size : {0U, 5U, 10U, 11U, 95U}) {
    const Bytes content = pseudo_random_bytes(size, size);
    MemorySink sink;
    FileBuilder file(profile, sink, nullptr);
    const BuiltDag built = build(&file, content, 100);
    EXPECT_EQ(built.cid, expected_root(content, DagLeaves::kDagPb)) << size;
    EXPECT_EQ(read_back(sink, built.cid), content) << size;
  }
}

TEST(FileBuilder, TotalSizeCountsEveryBlock) {
  MemorySink sink;
  FileBuilder file(kSmall, sink, nullptr);
  const BuiltDag built = build(&file, pseudo_random_bytes(95), 95);
  std::uint64_t total = 0;
  for (const auto& block : sink.blocks()) total += block.bytes.size();
  EXPECT_EQ(built.total_size, total);
}

TEST(FileBuilder, PortionsDoNotMatter) {
  const Bytes content = pseudo_random_bytes(333);
  HashPool pool(2);
  std::vector<Bytes> first;
  for (const std::size_t portion : {1U, 3U, 10U, 25U, 64U, 333U}) {
    MemorySink sink;
    FileBuilder file(kSmall, sink, &pool);
    build(&file, content, portion);
    std::vector<Bytes> blocks;
    for (const auto& block : sink.blocks()) blocks.push_back(block.bytes);
    if (first.empty()) first = blocks;
    EXPECT_EQ(blocks, first) << portion;
  }
}

TEST(FileBuilder, NodesFollowTheirLeaves) {
  MemorySink sink;
  FileBuilder file(kSmall, sink, nullptr);
  build(&file, pseudo_random_bytes(100), 100);
  std::string shape;
  for (const auto& block : sink.blocks()) {
    shape += block.cid.codec() == Codec::kRaw ? 'l' : 'n';
  }
  // A node that may be the root waits for the leaf that shows it is not: the
  // first of all, and the first above it.
  EXPECT_EQ(shape, "llllnllnlllnlnnnn");
}

TEST(FileBuilder, RoomIsFilledWithoutACopy) {
  const Bytes content = pseudo_random_bytes(123);
  MemorySink sink;
  FileBuilder file(kSmall, sink, nullptr);
  for (ByteView rest = content; !rest.empty();) {
    const auto room = file.room();
    ASSERT_TRUE(room.ok());
    ASSERT_FALSE(room->empty());
    const std::size_t count = std::min({room->size(), rest.size(), 17UL});
    std::copy_n(rest.begin(), count, room->begin());
    ASSERT_TRUE(file.advance(count).ok());
    rest = rest.subspan(count);
  }
  EXPECT_EQ(file.size(), content.size());
  EXPECT_EQ(file.finish()->cid, expected_root(content, DagLeaves::kRaw));
}

TEST(FileBuilder, IsAsNewAfterAFile) {
  MemorySink sink;
  HashPool pool(2);
  FileBuilder file(kSmall, sink, &pool);
  for (const std::size_t size : {95U, 0U, 10U, 400U, 3U}) {
    const Bytes content = pseudo_random_bytes(size, size);
    EXPECT_EQ(file.size(), 0U);
    EXPECT_EQ(file.leaf_count(), 0U);
    EXPECT_EQ(build(&file, content, 13).cid,
              expected_root(content, DagLeaves::kRaw));
  }
}

TEST(FileBuilder, SmallBlocksAreInlined) {
  const ImportProfile profile{.chunk_size = 200, .inline_max = 126};
  MemorySink sink;
  FileBuilder file(profile, sink, nullptr);
  EXPECT_EQ(build(&file, {}, 1).cid.to_string(), "bafkqaaa");
  const Bytes small = pseudo_random_bytes(126);
  EXPECT_EQ(build(&file, small, 50).cid,
            Cid::v1(Codec::kRaw, {HashCode::kIdentity, small}));
  EXPECT_TRUE(sink.blocks().empty());
  // The second leaf is inlined, and so is the root, which is of 112 bytes.
  const Bytes large = pseudo_random_bytes(201);
  const BuiltDag built = build(&file, large, 64);
  EXPECT_EQ(sink.blocks().size(), 1U);
  EXPECT_EQ(read_back(sink, built.cid), large);
}

TEST(FileBuilder, AttributesStandInTheRoot) {
  ImportProfile profile = kSmall;
  profile.keeps_mode = profile.keeps_mtime = true;
  const NodeAttributes attributes{.mode = 0100640, .mtime = UnixfsTime{5, 7}};
  for (const std::size_t size : {0U, 4U, 10U, 11U, 30U, 95U}) {
    MemorySink sink;
    FileBuilder file(profile, sink, nullptr);
    const Bytes content = pseudo_random_bytes(size);
    const BuiltDag built = build(&file, content, 3, attributes);
    const FakeBlockSource source(sink.blocks());
    const auto root = fetch_file_message(source, built.cid);
    ASSERT_TRUE(root.ok()) << size;
    EXPECT_EQ(root->unixfs.mode, 0640U);
    EXPECT_EQ(root->unixfs.mtime, (UnixfsTime{5, 7}));
    EXPECT_EQ(read_back(sink, built.cid), content);
    // A file of one chunk leaves no second block behind.
    if (size <= 10) {
      EXPECT_EQ(sink.blocks().size(), 1U);
    }
  }
}

TEST(FileBuilder, RoomThatIsNotUsedChangesNothing) {
  ImportProfile profile = kSmall;
  profile.keeps_mode = true;
  const NodeAttributes attributes{.mode = 0600};
  for (const std::size_t size : {0U, 5U, 10U, 30U, 31U}) {
    const Bytes content = pseudo_random_bytes(size);
    MemorySink sink;
    FileBuilder expected(profile, sink, nullptr);
    FileBuilder file(profile, sink, nullptr);
    for (const std::byte byte : content) {
      ASSERT_TRUE(file.append({&byte, 1}).ok());
      ASSERT_TRUE(file.room().ok());
      ASSERT_TRUE(file.advance(0).ok());
    }
    if (size == 10) {
      ASSERT_TRUE(file.flush().ok());
      EXPECT_TRUE(std::ranges::equal(file.tail(), content));
    }
    EXPECT_EQ(file.finish(attributes)->cid,
              build(&expected, content, 100, attributes).cid)
        << size;
    // And without any, for the same builder.
    EXPECT_EQ(build(&file, content, 100).cid,
              expected_root(content, DagLeaves::kRaw));
  }
}

TEST(FileBuilder, WithoutAttributesTheLeafIsTheRoot) {
  ImportProfile profile = kSmall;
  profile.keeps_mode = profile.keeps_mtime = true;
  MemorySink sink;
  FileBuilder file(profile, sink, nullptr);
  const Bytes content = pseudo_random_bytes(10);
  EXPECT_EQ(build(&file, content, 3).cid,
            expected_root(content, DagLeaves::kRaw));
  // One that the profile does not keep is none.
  FileBuilder plain(kSmall, sink, nullptr);
  EXPECT_EQ(build(&plain, content, 3, {.mode = 0600}).cid,
            expected_root(content, DagLeaves::kRaw));
}

// What was appended so far, as a reader sees it.
Bytes read_unfinished(FileBuilder* file, const MemorySink& sink,
                      std::size_t chunk_size) {
  EXPECT_TRUE(file->flush().ok());
  Bytes content;
  for (std::uint64_t i = 0; i < file->leaf_count(); ++i) {
    const Bytes chunk =
        sink.read(file->leaf_position(i) + file->leaf_head_size(), chunk_size);
    content.insert(content.end(), chunk.begin(), chunk.end());
  }
  content.insert(content.end(), file->tail().begin(), file->tail().end());
  return content;
}

TEST(FileBuilder, WhatWasAppendedCanBeReadBack) {
  HashPool pool(2);
  for (const LeafFormat leaves : {LeafFormat::kRaw, LeafFormat::kDagPb}) {
    for (const bool keeps_mode : {false, true}) {
      const ImportProfile profile{.chunk_size = 300,
                                  .leaves = leaves,
                                  .links_max = 3,
                                  .keeps_mode = keeps_mode};
      const Bytes content = pseudo_random_bytes(4000);
      MemorySink sink;
      FileBuilder file(profile, sink, &pool);
      EXPECT_TRUE(read_unfinished(&file, sink, 300).empty());
      for (std::size_t at = 0; at < content.size(); at += 100) {
        ASSERT_TRUE(file.append(ByteView(content).subspan(at, 100)).ok());
        const Bytes so_far(
            content.begin(),
            content.begin() + static_cast<std::ptrdiff_t>(at + 100));
        ASSERT_EQ(read_unfinished(&file, sink, 300), so_far) << at;
      }
      // Having been flushed changes no root.
      MemorySink other;
      FileBuilder unflushed(profile, other, nullptr);
      EXPECT_EQ(file.finish()->cid, build(&unflushed, content, 4000).cid);
    }
  }
}

TEST(FileBuilder, RepeatedChunksHaveOnePosition) {
  MemorySink sink;
  FileBuilder file(kSmall, sink, nullptr);
  ASSERT_TRUE(file.append(Bytes(40)).ok());
  ASSERT_TRUE(file.flush().ok());
  ASSERT_EQ(file.leaf_count(), 4U);
  EXPECT_EQ(file.leaf_position(3), file.leaf_position(0));
  EXPECT_EQ(read_back(sink, file.finish()->cid), Bytes(40));
}

TEST(FileBuilder, ErrorOfTheSinkStays) {
  HashPool pool(2);
  MemorySink sink;
  sink.fail_from(2, Error(ErrorCode::kIo, "No space left on device"));
  FileBuilder file(kSmall, sink, &pool);
  // Somewhere it is noticed; at flush() at the latest.
  static_cast<void>(file.append(pseudo_random_bytes(100)));
  EXPECT_THAT(file.flush(), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(file.flush(), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(file.finish(), FailsWith(ErrorCode::kIo));
  EXPECT_EQ(file.leaf_count(), 2U);
  EXPECT_EQ(sink.put_count(), 3U);
}

TEST(FileBuilder, ErrorIsNoticedWhileAppending) {
  HashPool pool(1);
  MemorySink sink;
  sink.fail_from(0, Error(ErrorCode::kIo, "Input/output error"));
  ImportProfile profile;
  profile.chunk_size = 100'000;
  FileBuilder file(profile, sink, &pool);
  const Bytes portion(std::size_t{1} << 20);
  Status status = ok_status();
  // More than can wait, so somebody must have put some of it.
  for (int i = 0; i < 100 && status.ok(); ++i) status = file.append(portion);
  EXPECT_THAT(status, FailsWith(ErrorCode::kIo));
}

TEST(FileBuilder, ErrorAtAnInteriorNodeOrTheRoot) {
  for (const std::uint64_t fails_at : {3U, 4U, 9U, 15U}) {
    MemorySink sink;
    sink.fail_from(fails_at, Error(ErrorCode::kIo, "the disk says no"));
    FileBuilder file(kSmall, sink, nullptr);
    static_cast<void>(file.append(pseudo_random_bytes(100)));
    EXPECT_THAT(file.finish(), FailsWith(ErrorCode::kIo)) << fails_at;
  }
}

TEST(FileBuilder, UnfinishedOnesCanBeGivenUp) {
  HashPool pool(2);
  MemorySink sink;
  for (int i = 0; i < 50; ++i) {
    FileBuilder file({.chunk_size = 1000}, sink, &pool);
    ASSERT_TRUE(file.append(pseudo_random_bytes(100'000)).ok());
  }
  EXPECT_EQ(sink.complaint(), "");
}

TEST(FileBuilder, SlowSinkHoldsTheWriterBack) {
  HashPool pool(2);
  MemorySink sink;
  sink.hold();
  FileBuilder file({}, sink, &pool);
  std::atomic<std::uint64_t> appended = 0;
  const Bytes portion(std::size_t{1} << 20);
  std::jthread writer([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(file.append(portion).ok());
      appended += portion.size();
    }
  });
  sink.wait_for_waiter();
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(appended, std::uint64_t{64} << 20);
    std::this_thread::yield();
  }
  sink.release();
  writer.join();
  EXPECT_EQ(file.finish()->size, std::uint64_t{100} << 20);
}

TEST(FileBuilder, BuildersShareAPool) {
  HashPool pool(2);
  std::vector<std::jthread> writers;
  for (std::uint64_t i = 0; i < 4; ++i) {
    writers.emplace_back([&pool, i] {
      const Bytes content = pseudo_random_bytes(5000, i);
      MemorySink sink;
      FileBuilder file(kSmall, sink, &pool);
      EXPECT_EQ(build(&file, content, 77).cid,
                expected_root(content, DagLeaves::kRaw));
      EXPECT_EQ(sink.complaint(), "");
    });
  }
}

}  // namespace
}  // namespace dagfs::car
