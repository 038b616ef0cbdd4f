// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/content_handle.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using tests::FailsWith;
using tests::IsOkAnd;
using tests::read_range;

class Content : public TreeFixture {
 protected:
  // A file of 100 leaves of 1,000 bytes, in a piece whose leaf `bad` is wrong.
  NodePtr add_file(std::optional<std::size_t> bad = std::nullopt) {
    tests::DagBuilder dag;
    const car::Cid file = dag.file(content, {.chunk_size = 1000});
    tests::CarBuilder car;
    car.root(file);
    for (std::size_t i = 0; i < dag.blocks().size(); ++i) {
      tests::DagBlock block = dag.blocks()[i];
      if (bad == i) {
        block.bytes[0] ^= std::byte{1};
        bad_cid = block.cid;
      }
      car.section(block.cid, block.bytes);
    }
    add("k", car);
    return below("k", file);
  }

  Bytes slice(std::uint64_t offset, std::uint64_t size) const {
    const auto from = content.begin() + static_cast<std::ptrdiff_t>(offset);
    return {from, from + static_cast<std::ptrdiff_t>(size)};
  }

  const Bytes content = tests::pseudo_random_bytes(100'000);
  car::Cid bad_cid;
};

TEST_F(Content, IsReadAnywhereAndInAnySize) {
  const NodePtr node = add_file();
  const auto handle = node->open_file();
  ASSERT_TRUE(handle.ok());
  for (const ByteRange range :
       {ByteRange{0, 1}, ByteRange{999, 2}, ByteRange{50'500, 30'000},
        ByteRange{0, 100'000}, ByteRange{99'999, 1}}) {
    EXPECT_THAT(read_range(**handle, range),
                IsOkAnd(slice(range.offset, range.size)));
  }
  EXPECT_THAT(tests::read_all(*node, 4096), IsOkAnd(content));
  EXPECT_THAT(tests::read_all(*node, 1 << 20), IsOkAnd(content));
}

TEST_F(Content, EndsAtItsEnd) {
  const auto handle = add_file()->open_file();
  EXPECT_THAT(read_range(**handle, {99'990, 4096}), IsOkAnd(slice(99'990, 10)));
  EXPECT_THAT(read_range(**handle, {100'000, 4096}), IsOkAnd(IsEmpty()));
  EXPECT_THAT(read_range(**handle, {~std::uint64_t{0}, 4096}),
              IsOkAnd(IsEmpty()));
  EXPECT_THAT(read_range(**handle, {0, 0}), IsOkAnd(IsEmpty()));
}

TEST_F(Content, PointsIntoTheMappedPiece) {
  const auto handle = add_file()->open_file();
  ReadBuffers buffers;
  ASSERT_TRUE((*handle)->read({500, 2000}, &buffers).ok());
  EXPECT_EQ(buffers.pieces.size(), 3U);
  EXPECT_FALSE(buffers.owners.empty());
  EXPECT_FALSE((*handle)->direct_io());
  EXPECT_EQ((*handle)->passthrough_fd(), -1);
}

TEST_F(Content, BytesOutliveTheirHandle) {
  auto handle = add_file()->open_file();
  ReadBuffers buffers;
  ASSERT_TRUE((*handle)->read({0, 10}, &buffers).ok());
  handle.value().reset();
  const auto* start = static_cast<const std::byte*>(buffers.pieces[0].iov_base);
  EXPECT_EQ(Bytes(start, start + 10), slice(0, 10));
}

TEST_F(Content, TinyLeavesAreGathered) {
  tests::DagBuilder dag;
  const Bytes text = tests::pseudo_random_bytes(5000);
  const car::Cid file = dag.file(text, {.chunk_size = 1});
  add("k", dag, {file});
  const auto handle = below("k", file)->open_file();
  ASSERT_TRUE(handle.ok());
  ReadBuffers buffers;
  ASSERT_TRUE((*handle)->read({0, 5000}, &buffers).ok());
  EXPECT_LE(buffers.pieces.size(), 256U);
  EXPECT_THAT(read_range(**handle, {0, 5000}), IsOkAnd(text));
}

TEST_F(Content, LeavesWrappedInDagPb) {
  tests::DagBuilder dag;
  const car::Cid file = dag.file(
      content, {.chunk_size = 7000, .leaves = tests::DagLeaves::kDagPb});
  add("k", dag, {file});
  EXPECT_THAT(tests::read_all(*below("k", file), 9999), IsOkAnd(content));
}

TEST_F(Content, ABadLeafFailsTheReadsThatNeedIt) {
  const NodePtr node = add_file(30);
  const auto handle = node->open_file();
  ASSERT_TRUE(handle.ok());
  EXPECT_THAT(read_range(**handle, {30'500, 1}),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(read_range(**handle, {0, 100'000}),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(tests::attribute_of(*node, "user.dagfs.error"),
              HasSubstr(bad_cid.to_string()));
}

TEST_F(Content, ABadLeafSparesTheReadsAroundIt) {
  const auto handle = add_file(30)->open_file();
  // In order, so that each is hashed ahead of its reader.
  for (std::uint64_t offset = 0; offset < 30'000; offset += 1000) {
    EXPECT_THAT(read_range(**handle, {offset, 1000}),
                IsOkAnd(slice(offset, 1000)));
  }
  EXPECT_THAT(read_range(**handle, {31'000, 69'000}),
              IsOkAnd(slice(31'000, 69'000)));
}

TEST_F(Content, ASequentialReaderFindsTheNextLeafHashed) {
  const NodePtr node = add_file();
  const auto handle = node->open_file();
  ASSERT_TRUE(read_range(**handle, {0, 1000}).ok());
  const auto lease =
      store->acquire(dagstore::ShardKey::parse("k").value()).value();
  tests::DagBuilder dag;
  dag.file(content, {.chunk_size = 1000});
  const auto is_verified = [&](std::size_t leaf) {
    const auto location = lease->blocks().locate(dag.blocks()[leaf].cid);
    return lease->blocks().is_verified(*location);
  };
  EXPECT_TRUE(is_verified(0));
  EXPECT_TRUE(is_verified(1));
  EXPECT_FALSE(is_verified(2));
}

TEST_F(Content, APieceThatIsWrittenToIsNoLongerRead) {
  const auto handle = add_file()->open_file();
  ASSERT_TRUE(read_range(**handle, {0, 1000}).ok());
  std::filesystem::resize_file(piece_path("k"), 500);
  ReadBuffers buffers;
  EXPECT_THAT((*handle)->read({0, 1000}, &buffers),
              FailsWith(ErrorCode::kStale));
  EXPECT_THAT((*handle)->confirm(), FailsWith(ErrorCode::kStale));
}

TEST_F(Content, IsReadByManyThreadsAtOnce) {
  const NodePtr node = add_file();
  const auto handle = node->open_file();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (std::uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 50; ++i) {
        const ByteRange range{(t * 7919 + i * 1999) % 97'000, 3000};
        const auto found = read_range(**handle, range);
        if (!found.ok() || *found != slice(range.offset, range.size)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace dagfs::fs
