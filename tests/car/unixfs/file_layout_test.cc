// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/file_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <tuple>

#include "tests/support/dag_builder.h"
#include "tests/support/fake_block_source.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::DagBuilder;
using tests::DagLeaves;
using tests::DagLink;
using tests::DagShape;
using tests::FailsWith;
using tests::FakeBlockSource;
using tests::FileOptions;
using tests::pseudo_random_bytes;

// The bytes of extents that must cover `range` without gaps.
Bytes read_extents(const FakeBlockSource& source, ByteRange range,
                   const std::vector<FileExtent>& extents) {
  Bytes content;
  for (const FileExtent& extent : extents) {
    EXPECT_EQ(extent.offset, range.offset + content.size());
    EXPECT_GT(extent.size, 0u);
    Bytes bytes;
    if (extent.bytes == nullptr) {
      EXPECT_LE(extent.block_offset + extent.size, extent.block.size);
      bytes =
          source.read(extent.block.offset + extent.block_offset, extent.size);
    } else {
      const ByteView view =
          ByteView(*extent.bytes).subspan(extent.block_offset, extent.size);
      bytes.assign(view.begin(), view.end());
    }
    content.insert(content.end(), bytes.begin(), bytes.end());
  }
  return content;
}

Result<Bytes> read_range(const FakeBlockSource& source, FileLayout* layout,
                         ByteRange range) {
  std::vector<FileExtent> extents;
  DAGFS_TRY(layout->map(range, &extents));
  return read_extents(source, range, extents);
}

Bytes slice(const Bytes& bytes, std::uint64_t offset, std::uint64_t size) {
  const ByteView view = ByteView(bytes).subspan(offset, size);
  return {view.begin(), view.end()};
}

// An interior node whose declarations are as given.
Cid file_node(DagBuilder* dag, const std::vector<Cid>& children,
              std::vector<std::uint64_t> block_sizes,
              std::optional<std::uint64_t> file_size) {
  std::vector<DagLink> links;
  for (const Cid& child : children) links.push_back({"", child});
  return dag->node(links, UnixfsNode{.type = UnixfsType::kFile,
                                     .file_size = file_size,
                                     .block_sizes = std::move(block_sizes)});
}

// One that declares what is true of children of `size` bytes each.
Cid sound_node(DagBuilder* dag, const std::vector<Cid>& children,
               std::uint64_t size) {
  return file_node(dag, children,
                   std::vector<std::uint64_t>(children.size(), size),
                   size * children.size());
}

using Form = std::tuple<DagShape, DagLeaves, std::size_t>;
class FileLayoutForm : public testing::TestWithParam<Form> {};

TEST_P(FileLayoutForm, EveryRangeHasItsBytes) {
  const auto& [shape, leaves, size] = GetParam();
  const Bytes content = pseudo_random_bytes(size);
  DagBuilder dag;
  const Cid root = dag.file(
      content,
      {.chunk_size = 16, .links_max = 3, .shape = shape, .leaves = leaves});
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();
  ASSERT_EQ(layout->size(), size);

  EXPECT_EQ(*read_range(source, layout.get(), {0, size}), content);
  std::minstd_rand random(1);
  for (int i = 0; i < 200 && size > 0; ++i) {
    const std::uint64_t offset = random() % size;
    const std::uint64_t count = random() % (size - offset) + 1;
    ASSERT_EQ(*read_range(source, layout.get(), {offset, count}),
              slice(content, offset, count));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, FileLayoutForm,
    testing::Combine(testing::Values(DagShape::kBalanced, DagShape::kTrickle),
                     testing::Values(DagLeaves::kRaw, DagLeaves::kDagPb),
                     testing::Values(0, 1, 15, 16, 17, 48, 49, 1000)));

TEST(FileLayout, RangesAreCutAtTheEnd) {
  DagBuilder dag;
  const Cid root = dag.file("0123456789", {.chunk_size = 4});
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();

  const std::uint64_t huge = ~std::uint64_t{0};
  EXPECT_EQ(as_text(*read_range(source, layout.get(), {8, huge})), "89");
  EXPECT_THAT(*read_range(source, layout.get(), {10, 1}), IsEmpty());
  EXPECT_THAT(*read_range(source, layout.get(), {huge, huge}), IsEmpty());
  EXPECT_THAT(*read_range(source, layout.get(), {3, 0}), IsEmpty());
}

TEST(FileLayout, RawLeavesAreLocatedOnceAndNeverRead) {
  DagBuilder dag;
  const Cid root = dag.file(pseudo_random_bytes(40), {.chunk_size = 10});
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();
  EXPECT_EQ(source.gets(), 1u);
  EXPECT_EQ(source.locates(), 0u);

  for (int pass = 0; pass < 3; ++pass) {
    EXPECT_THAT(*read_range(source, layout.get(), {0, 40}), SizeIs(40));
    EXPECT_EQ(source.gets(), 1u);
    EXPECT_EQ(source.locates(), 4u);
  }
}

TEST(FileLayout, DagPbLeavesAreReadOnce) {
  DagBuilder dag;
  const Cid root =
      dag.file(pseudo_random_bytes(40),
               {.chunk_size = 10, .links_max = 2, .leaves = DagLeaves::kDagPb});
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();
  for (int pass = 0; pass < 3; ++pass) {
    EXPECT_THAT(*read_range(source, layout.get(), {0, 40}), SizeIs(40));
    EXPECT_EQ(source.gets(), 7u);
  }
}

TEST(FileLayout, DataBesideLinksComesFirst) {
  const Bytes content = pseudo_random_bytes(50);
  DagBuilder dag;
  const Cid root =
      dag.file(content, {.chunk_size = 20, .data_beside_links = 10});
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();
  std::vector<FileExtent> extents;
  ASSERT_TRUE(layout->map({0, 50}, &extents).ok());
  EXPECT_THAT(extents, SizeIs(3));
  EXPECT_EQ(read_extents(source, {0, 50}, extents), content);
}

TEST(FileLayout, IdentityLeavesAreInMemory) {
  const Bytes content = pseudo_random_bytes(40);
  for (const DagLeaves leaves : {DagLeaves::kRaw, DagLeaves::kDagPb}) {
    DagBuilder dag;
    dag.hash_with(HashCode::kIdentity);
    const Cid root = dag.file(content, {.chunk_size = 10, .leaves = leaves});
    const FakeBlockSource source;
    const auto layout = FileLayout::open(source, root).value();
    std::vector<FileExtent> extents;
    ASSERT_TRUE(layout->map({5, 30}, &extents).ok());
    for (const FileExtent& extent : extents) EXPECT_NE(extent.bytes, nullptr);
    EXPECT_EQ(read_extents(source, {5, 30}, extents), slice(content, 5, 30));
    EXPECT_EQ(source.locates(), 0u);
  }
}

// 2^30 leaves of 10 bytes in 31 blocks.
TEST(FileLayout, NodeUsedOverAndOverIsFetchedOnce) {
  DagBuilder dag;
  Cid node = dag.raw("0123456789");
  std::uint64_t size = 10;
  for (int level = 0; level < 30; ++level, size *= 2) {
    node = sound_node(&dag, {node, node}, size);
  }
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, node).value();
  ASSERT_EQ(layout->size(), std::uint64_t{10} << 30);

  const auto end = read_range(source, layout.get(), {layout->size() - 25, 99});
  EXPECT_EQ(as_text(*end), "5678901234567890123456789");
  const auto middle = read_range(source, layout.get(), {7'000'000'003, 4000});
  EXPECT_THAT(*middle, SizeIs(4000));
  EXPECT_EQ(as_text(*middle).substr(0, 9), "345678901");
  EXPECT_EQ(source.gets(), 30u);
}

TEST(FileLayout, InteriorNodesBeyondTheBoundAreDropped) {
  DagBuilder dag;
  const Cid leaf = dag.raw("x");
  std::vector<Cid> children;
  for (std::uint32_t i = 0; i < 30; ++i) {
    std::vector<DagLink> links(1000, DagLink{"", leaf});
    children.push_back(dag.node(
        links, UnixfsNode{.type = UnixfsType::kFile,
                          .block_sizes = std::vector<std::uint64_t>(1000, 1),
                          .mode = i}));
  }
  const Cid root = sound_node(&dag, children, 1000);
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();
  for (std::uint64_t i = 0; i < 30; ++i) {
    ASSERT_THAT(*read_range(source, layout.get(), {i * 1000, 2}), SizeIs(2));
  }
  EXPECT_EQ(source.gets(), 31u);

  ASSERT_THAT(*read_range(source, layout.get(), {29 * 1000, 2}), SizeIs(2));
  EXPECT_EQ(source.gets(), 31u);
  ASSERT_THAT(*read_range(source, layout.get(), {0, 2}), SizeIs(2));
  EXPECT_EQ(source.gets(), 32u);
}

TEST(FileLayout, WrongBlocksAreErrorsOfTheirBytesOnly) {
  const auto fill = [](char c) { return std::string(10, c); };
  DagBuilder dag;
  const Cid first = dag.raw(fill('a'));
  const Cid folder = dag.directory({});
  const Cid cbor = dag.block(Codec::kDagCbor, as_bytes(fill('c')));
  const Cid short_leaf = dag.raw("short");
  const Cid garbage = dag.block(Codec::kDagPb, as_bytes(fill('g')));
  const Cid no_data = dag.node({}, std::nullopt);
  const Cid lost = DagBuilder().raw(fill('l'));
  const Cid smaller =
      dag.file(fill('s').substr(1), {.leaves = DagLeaves::kDagPb});
  for (const Cid& wrong :
       {folder, cbor, short_leaf, garbage, no_data, lost, smaller}) {
    const Cid root = sound_node(&dag, {first, wrong, first}, 10);
    const FakeBlockSource source(dag.blocks());
    const auto layout = FileLayout::open(source, root).value();
    EXPECT_EQ(layout->size(), 30u);
    std::vector<FileExtent> extents;
    const Status status = layout->map({0, 30}, &extents);
    ASSERT_THAT(status, FailsWith(wrong == lost ? ErrorCode::kNotFound
                                                : ErrorCode::kCorrupt));
    EXPECT_THAT(status.error().message(), HasSubstr(wrong.to_string()));
    EXPECT_THAT(extents, SizeIs(1));
    EXPECT_THAT(*read_range(source, layout.get(), {20, 10}), SizeIs(10));
  }
}

TEST(FileLayout, CorruptInteriorNodeIsCorrupt) {
  DagBuilder dag;
  const Cid root =
      dag.file(pseudo_random_bytes(90), {.chunk_size = 10, .links_max = 3});
  FakeBlockSource source(dag.blocks());
  source.corrupt(root);
  EXPECT_THAT(FileLayout::open(source, root), FailsWith(ErrorCode::kCorrupt));
}

TEST(FileLayout, WhatIsNoFileIsCorrupt) {
  DagBuilder dag;
  const Cid folder = dag.directory({});
  const Cid link = dag.symlink("target");
  const Cid cbor = dag.block(Codec::kDagCbor, as_bytes("\xa0"));
  const FakeBlockSource source(dag.blocks());
  for (const Cid& root : {folder, link, cbor}) {
    EXPECT_THAT(FileLayout::open(source, root), FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(FileLayout, InconsistentSizesAreMeasured) {
  DagBuilder dag;
  const Cid a = dag.raw("aaa");
  const Cid b = dag.file("bbbb", {.leaves = DagLeaves::kDagPb});
  const std::uint64_t wrong = std::uint64_t{1} << 63;
  const Cid none = file_node(&dag, {a, b}, {}, 7);
  const Cid few = file_node(&dag, {a, b}, {3}, 7);
  const Cid total = file_node(&dag, {a, b}, {3, 4}, 8);
  const Cid huge = file_node(&dag, {a, b}, {wrong, 4}, wrong + 4);
  const Cid wraps = file_node(&dag, {a, b}, {wrong, wrong}, 0);
  const Cid nested = file_node(&dag, {none, none}, {7}, 14);
  const FakeBlockSource source(dag.blocks());
  for (const Cid& root : {none, few, total, huge, wraps}) {
    const auto layout = FileLayout::open(source, root).value();
    EXPECT_EQ(as_text(*read_range(source, layout.get(), {0, 99})), "aaabbbb");
  }
  const auto layout = FileLayout::open(source, nested).value();
  EXPECT_EQ(as_text(*read_range(source, layout.get(), {1, 11})), "aabbbbaaabb");
}

TEST(FileLayout, AbsentFilesizeIsNoContradiction) {
  DagBuilder dag;
  const Cid root = file_node(&dag, {dag.raw("aaa")}, {3}, std::nullopt);
  FakeBlockSource source(dag.blocks());
  EXPECT_EQ((*FileLayout::open(source, root))->size(), 3u);
  EXPECT_EQ(source.locates(), 0u);
}

TEST(FileLayout, MeasuringAMissingBlockSaysWhich) {
  DagBuilder dag;
  const Cid lost = DagBuilder().raw("lost");
  const Cid root = file_node(&dag, {lost}, {}, 4);
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root);
  ASSERT_THAT(layout, FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(layout.error().message(), HasSubstr(lost.to_string()));
}

TEST(FileLayout, MeasuringCountsANodeUsedOverAndOverOnce) {
  DagBuilder dag;
  Cid node = dag.raw("0123456789");
  for (int level = 0; level < 40; ++level) {
    node = file_node(&dag, {node, node}, {}, std::nullopt);
  }
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, node).value();
  EXPECT_EQ(layout->size(), std::uint64_t{10} << 40);
  EXPECT_LT(source.gets(), 50u);

  for (int level = 0; level < 20; ++level) {
    node = file_node(&dag, {node, node}, {}, std::nullopt);
  }
  const FakeBlockSource larger(dag.blocks());
  EXPECT_THAT(FileLayout::open(larger, node), FailsWith(ErrorCode::kCorrupt));
}

TEST(FileLayout, MeasuringIsBounded) {
  const Bytes link = tests::bytes({0x12, 6, 0x0a, 4, 0x01, 0x55, 0x00, 0x00});
  Bytes node = tests::bytes({0x0a, 2, 0x08, 0x02});
  for (std::size_t i = 0; i <= kMeasuredNodesMax; ++i) {
    node.insert(node.end(), link.begin(), link.end());
  }
  DagBuilder dag;
  const Cid root = dag.block(Codec::kDagPb, node);
  const FakeBlockSource source(dag.blocks());
  EXPECT_THAT(FileLayout::open(source, root), FailsWith(ErrorCode::kExhausted));
}

TEST(FileLayout, DepthIsBounded) {
  DagBuilder dag;
  Cid node = dag.raw("0123456789");
  for (std::size_t depth = 0; depth < kFileDepthMax; ++depth) {
    node = file_node(&dag, {node}, {10}, 10);
  }
  const Cid deeper = file_node(&dag, {node}, {10}, 10);
  Cid measured = dag.raw("0123456789");
  for (std::size_t depth = 0; depth < kFileDepthMax + 1; ++depth) {
    measured = file_node(&dag, {measured}, {}, 10);
  }
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, node).value();
  EXPECT_THAT(*read_range(source, layout.get(), {0, 10}), SizeIs(10));
  const auto too_deep = FileLayout::open(source, deeper).value();
  EXPECT_THAT(read_range(source, too_deep.get(), {0, 10}),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(FileLayout::open(source, measured),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(FileLayout, NodeCutAnywhereNeverYieldsMoreThanItHolds) {
  DagBuilder dag;
  const Cid whole = dag.file(pseudo_random_bytes(50),
                             {.chunk_size = 20, .data_beside_links = 10});
  const Bytes node = dag.blocks().back().bytes;
  ASSERT_EQ(dag.blocks().back().cid, whole);
  for (std::size_t size = 0; size < node.size(); ++size) {
    const Cid root = dag.block(Codec::kDagPb, ByteView(node).first(size));
    const FakeBlockSource source(dag.blocks());
    const auto layout = FileLayout::open(source, root);
    if (!layout.ok()) continue;
    EXPECT_LE((*layout)->size(), 50u);
    std::ignore = read_range(source, layout->get(), {0, 99});
  }
}

TEST(FileLayout, SlowBlockDelaysNobodyElse) {
  DagBuilder dag;
  const Bytes content = pseudo_random_bytes(40);
  const Cid root = dag.file(
      content, {.chunk_size = 10, .links_max = 2, .leaves = DagLeaves::kDagPb});
  FakeBlockSource source(dag.blocks());
  const Cid slow = dag.blocks().front().cid;
  source.hold(slow);
  const auto layout = FileLayout::open(source, root).value();

  Bytes late;
  std::thread reader([&] {
    late = *read_range(source, layout.get(), {0, 10});
  });
  source.wait_for_waiters(1);
  EXPECT_EQ(*read_range(source, layout.get(), {10, 30}),
            slice(content, 10, 30));
  source.release(slow);
  reader.join();
  EXPECT_EQ(late, slice(content, 0, 10));
}

TEST(FileLayout, ManyThreadsReadTheSameBytes) {
  const Bytes content = pseudo_random_bytes(4000);
  DagBuilder dag;
  const Cid root = dag.file(
      content, {.chunk_size = 7, .links_max = 5, .leaves = DagLeaves::kDagPb});
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();
  std::vector<std::thread> readers;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    readers.emplace_back([&, seed] {
      std::minstd_rand random(seed);
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t offset = random() % 3900;
        EXPECT_EQ(*read_range(source, layout.get(), {offset, 100}),
                  slice(content, offset, 100));
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
}

class NextLeaves : public testing::TestWithParam<DagLeaves> {
 protected:
  // 50 leaves of 1,000 bytes below nodes of 7.
  NextLeaves()
      : root(dag.file(
            content,
            {.chunk_size = 1000, .links_max = 7, .leaves = GetParam()})),
        source(dag.blocks()),
        layout(FileLayout::open(source, root).value()) {}

  // Where the blocks of leaves `first` to before `end` lie.
  std::vector<std::uint64_t> offsets(std::size_t first, std::size_t end) {
    std::vector<std::uint64_t> found;
    for (std::size_t i = first; i < end; ++i) {
      std::vector<FileExtent> extents;
      EXPECT_TRUE(layout->map({i * 1000, 1}, &extents).ok());
      found.push_back(extents.front().block.offset);
    }
    return found;
  }

  static std::vector<std::uint64_t> offsets_of(const LeafRun& run) {
    std::vector<std::uint64_t> found;
    for (const BlockLocation& block : run.blocks) found.push_back(block.offset);
    return found;
  }

  const Bytes content = pseudo_random_bytes(50'000);
  DagBuilder dag;
  Cid root;
  FakeBlockSource source;
  std::unique_ptr<FileLayout> layout;
};

INSTANTIATE_TEST_SUITE_P(Leaves, NextLeaves,
                         testing::Values(DagLeaves::kRaw, DagLeaves::kDagPb));

TEST_P(NextLeaves, AreThoseThatBeginAtOrAfterTheOffset) {
  const LeafRun run =
      layout->next_leaves(10'000, {.count = 16, .size = 1 << 20});
  EXPECT_EQ(run.end, 26'000u);
  EXPECT_EQ(offsets_of(run), offsets(10, 26));

  const LeafRun after =
      layout->next_leaves(10'001, {.count = 3, .size = 1 << 20});
  EXPECT_EQ(after.end, 14'000u);
  EXPECT_EQ(offsets_of(after), offsets(11, 14));
}

TEST_P(NextLeaves, EndWithTheFile) {
  const LeafRun run =
      layout->next_leaves(45'000, {.count = 16, .size = 1 << 20});
  EXPECT_EQ(run.end, 50'000u);
  EXPECT_EQ(offsets_of(run), offsets(45, 50));
  EXPECT_TRUE(layout->next_leaves(50'000, {.count = 16, .size = 1 << 20})
                  .blocks.empty());
}

TEST_P(NextLeaves, AreNoMoreBytesThanWanted) {
  const LeafRun run = layout->next_leaves(0, {.count = 16, .size = 3500});
  EXPECT_EQ(run.end, 3000u);
  EXPECT_EQ(run.blocks.size(), 3u);
  EXPECT_TRUE(
      layout->next_leaves(0, {.count = 16, .size = 999}).blocks.empty());
}

TEST(FileLayout, NextLeavesEndBeforeOneThatIsMissing) {
  DagBuilder dag;
  const Cid root = dag.file(pseudo_random_bytes(5000), {.chunk_size = 1000});
  std::vector<tests::DagBlock> blocks = dag.blocks();
  blocks.erase(blocks.begin() + 2);
  const FakeBlockSource source(blocks);
  const auto layout = FileLayout::open(source, root).value();

  const LeafRun run = layout->next_leaves(0, {.count = 16, .size = 1 << 20});

  EXPECT_EQ(run.end, 2000u);
  EXPECT_EQ(run.blocks.size(), 2u);
}

}  // namespace
}  // namespace dagfs::car
