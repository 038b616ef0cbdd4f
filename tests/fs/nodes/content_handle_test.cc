// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/content_handle.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <numeric>
#include <optional>
#include <thread>

#include "car/ipld/sha256_many.h"
#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::ElementsAre;
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
  for (std::uint64_t offset = 0; offset < 30'000; offset += 1000) {
    EXPECT_THAT(read_range(**handle, {offset, 1000}),
                IsOkAnd(slice(offset, 1000)));
  }
  EXPECT_THAT(read_range(**handle, {31'000, 69'000}),
              IsOkAnd(slice(31'000, 69'000)));
}

// A file of 40 leaves of 64 KiB.
class LongContent : public TreeFixture {
 protected:
  static constexpr std::uint64_t kLeafSize = std::uint64_t{64} << 10;
  static constexpr std::uint64_t kLeafCount = 40;

  void open(tests::DagLeaves leaves, std::optional<std::size_t> bad = {}) {
    tests::DagBuilder dag;
    const car::Cid file =
        dag.file(content, {.chunk_size = kLeafSize, .leaves = leaves});
    tests::CarBuilder car;
    car.root(file);
    for (std::size_t i = 0; i < dag.blocks().size(); ++i) {
      tests::DagBlock block = dag.blocks()[i];
      if (i < kLeafCount) cids.push_back(block.cid);
      if (bad == i) block.bytes[0] ^= std::byte{1};
      car.section(block.cid, block.bytes);
    }
    add("k", car);
    handle = below("k", file)->open_file().value();
    lease.emplace(
        store->acquire(dagstore::ShardKey::parse("k").value()).value());
  }

  // As the session does.
  Result<Bytes> read(ByteRange range) {
    auto bytes = read_range(*handle, range);
    handle->read_ahead();
    return bytes;
  }

  std::vector<std::size_t> verified_leaves() const {
    std::vector<std::size_t> leaves;
    for (std::size_t i = 0; i < cids.size(); ++i) {
      const auto location = (*lease)->blocks().locate(cids[i]);
      if ((*lease)->blocks().is_verified(*location)) leaves.push_back(i);
    }
    return leaves;
  }

  const Bytes content = tests::pseudo_random_bytes(kLeafCount * kLeafSize);
  std::vector<car::Cid> cids;
  std::unique_ptr<FileHandle> handle;
  std::optional<dagstore::ShardLease> lease;
};

std::vector<std::size_t> first_leaves(std::size_t count) {
  std::vector<std::size_t> leaves(count);
  std::iota(leaves.begin(), leaves.end(), 0);
  return leaves;
}

TEST_F(LongContent, ASequentialReaderFindsTheNextLeavesHashed) {
  open(tests::DagLeaves::kRaw);

  ASSERT_TRUE(read({0, 16 * kLeafSize}).ok());

  EXPECT_EQ(verified_leaves(), first_leaves(16 + car::sha256_lanes()));
}

TEST_F(LongContent, LeavesInDagPbAreHashedEarlyToo) {
  open(tests::DagLeaves::kDagPb);

  ASSERT_TRUE(read({0, 16 * kLeafSize}).ok());

  EXPECT_EQ(verified_leaves(), first_leaves(16 + car::sha256_lanes()));
  EXPECT_THAT(read_range(*handle, {0, content.size()}), IsOkAnd(content));
}

TEST_F(LongContent, ReadingHereAndThereHashesNoMore) {
  open(tests::DagLeaves::kRaw);

  ASSERT_TRUE(read({20 * kLeafSize, 4096}).ok());
  ASSERT_TRUE(read({3 * kLeafSize, 4096}).ok());
  ASSERT_TRUE(read({30 * kLeafSize, 4096}).ok());

  EXPECT_THAT(verified_leaves(), ElementsAre(3, 20, 30));
}

TEST_F(LongContent, NoMoreThanTwoBatchesAreHashedEarly) {
  open(tests::DagLeaves::kRaw);
  ASSERT_TRUE(read({0, 16 * kLeafSize}).ok());

  for (int i = 0; i < 10; ++i) handle->read_ahead();

  const std::size_t most = 16 + 2 * car::sha256_lanes();
  EXPECT_EQ(verified_leaves(),
            first_leaves(std::min<std::size_t>(kLeafCount, most)));
}

TEST_F(LongContent, ABadLeafFailsNoReadButItsOwn) {
  constexpr std::size_t kBad = 17;
  open(tests::DagLeaves::kRaw, kBad);
  ASSERT_TRUE(read({0, 16 * kLeafSize}).ok());

  for (std::size_t i = 16; i < kLeafCount; ++i) {
    const auto found = read({i * kLeafSize, kLeafSize});
    EXPECT_EQ(found.ok(), i != kBad) << i;
  }
}

TEST_F(LongContent, IsHashedEarlyByManyThreadsAtOnce) {
  open(tests::DagLeaves::kRaw);
  std::atomic<std::uint64_t> next = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      constexpr std::uint64_t kSize = 100'000;
      while (true) {
        const std::uint64_t offset = next.fetch_add(kSize);
        if (offset >= content.size()) return;
        const auto found = read({offset, kSize});
        const auto from = content.begin() + static_cast<std::ptrdiff_t>(offset);
        if (!found.ok() || !std::equal(found->begin(), found->end(), from)) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(verified_leaves(), first_leaves(kLeafCount));
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
