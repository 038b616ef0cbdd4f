// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/leaf_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "car/unixfs/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::FailsWith;

LeafPipeline::Batch batch_of(std::string_view text) {
  Slab slab(std::max<std::size_t>(text.size(), 1));
  std::ranges::copy(as_bytes(text), slab.room().begin());
  slab.advance(text.size());
  LeafPipeline::Batch batch;
  batch.push_back(std::move(slab));
  return batch;
}

// Concatenates what comes, "|" between leaves.
struct Collector {
  std::string text;
  std::atomic<int> inside = 0;

  LeafPipeline::Consumer consumer() {
    return [this](const Cid&, ByteView block, std::uint64_t size) -> Status {
      EXPECT_EQ(++inside, 1);
      EXPECT_EQ(block.size(), size);
      text += as_text(block);
      text += '|';
      --inside;
      return ok_status();
    };
  }
};

TEST(LeafPipeline, WithoutAPoolAllIsDoneAtOnce) {
  Collector collector;
  LeafPipeline pipeline({.chunk_size = 3}, nullptr, collector.consumer());
  ASSERT_TRUE(pipeline.push(batch_of("abcdef")).ok());
  EXPECT_EQ(collector.text, "abc|def|");
  ASSERT_TRUE(pipeline.push_here(batch_of("gh")).ok());
  EXPECT_EQ(collector.text, "abc|def|gh|");
}

TEST(LeafPipeline, EmptySlabIsAnEmptyLeaf) {
  Collector collector;
  LeafPipeline pipeline({}, nullptr, collector.consumer());
  LeafPipeline::Batch batch;
  batch.emplace_back();
  ASSERT_TRUE(pipeline.push_here(std::move(batch)).ok());
  EXPECT_EQ(collector.text, "|");
  EXPECT_FALSE(pipeline.reuse_slab());
}

TEST(LeafPipeline, OrderIsThatOfPushing) {
  Collector collector;
  HashPool pool(4);
  LeafPipeline pipeline({.chunk_size = 5}, &pool, collector.consumer());
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    std::string chunk = std::to_string(10'000 + i);
    expected += chunk + '|';
    // Now and then in this thread, between those of the pool.
    const Status pushed = i % 7 == 0 ? pipeline.push_here(batch_of(chunk))
                                     : pipeline.push(batch_of(chunk));
    ASSERT_TRUE(pushed.ok());
  }
  ASSERT_TRUE(pipeline.drain().ok());
  EXPECT_EQ(collector.text, expected);
}

TEST(LeafPipeline, ErrorOfTheConsumerStays) {
  HashPool pool(2);
  std::atomic<int> calls = 0;
  LeafPipeline pipeline({.chunk_size = 1}, &pool,
                        [&](const Cid&, ByteView, std::uint64_t) -> Status {
                          if (++calls == 3) {
                            return Error(ErrorCode::kIo, "the disk is full");
                          }
                          return ok_status();
                        });
  static_cast<void>(pipeline.push(batch_of("abcdef")));
  EXPECT_THAT(pipeline.drain(), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(pipeline.push(batch_of("g")), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(pipeline.push_here(batch_of("g")), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(pipeline.drain(), FailsWith(ErrorCode::kIo));
  EXPECT_EQ(calls, 3);
}

TEST(LeafPipeline, PushingWaitsWhileTooMuchIsOnItsWay) {
  HashPool pool(1);
  std::latch may_go(1);
  std::atomic<std::size_t> pushed = 0;
  LeafPipeline pipeline({}, &pool,
                        [&](const Cid&, ByteView, std::uint64_t) -> Status {
                          may_go.wait();
                          return ok_status();
                        });
  constexpr std::size_t kBatches = 64;
  const std::string chunk(std::size_t{1} << 20, 'x');
  std::jthread writer([&] {
    for (std::size_t i = 0; i < kBatches; ++i) {
      EXPECT_TRUE(pipeline.push(batch_of(chunk)).ok());
      ++pushed;
    }
  });
  // It cannot get further, however long one waits; this looks a few times.
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(pushed * chunk.size(), kBytesInFlightMax);
    std::this_thread::yield();
  }
  may_go.count_down();
  writer.join();
  EXPECT_EQ(pushed, kBatches);
  EXPECT_TRUE(pipeline.drain().ok());
}

TEST(LeafPipeline, EndingDropsWhatWasNotBegun) {
  HashPool pool(2);
  std::latch is_inside(1);
  std::latch may_go(1);
  std::atomic<int> calls = 0;
  auto pipeline = std::make_unique<LeafPipeline>(
      ImportProfile{.chunk_size = 1}, &pool,
      [&](const Cid&, ByteView, std::uint64_t) -> Status {
        if (++calls == 1) {
          is_inside.count_down();
          may_go.wait();
        }
        return ok_status();
      });
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pipeline->push(batch_of("a")).ok());
  }
  is_inside.wait();
  std::jthread ender([&] { pipeline.reset(); });
  may_go.count_down();
  ender.join();
  EXPECT_LE(calls, 100);
  const int after = calls;
  // The pool goes on without it.
  std::latch done(1);
  pool.run([&] { done.count_down(); });
  done.wait();
  EXPECT_EQ(calls, after);
}

TEST(LeafPipeline, UnknownHashIsTheOutcome) {
  LeafPipeline pipeline({.hash = static_cast<HashCode>(0x9999)}, nullptr,
                        [](const Cid&, ByteView, std::uint64_t) -> Status {
                          return ok_status();
                        });
  EXPECT_THAT(pipeline.push(batch_of("a")), FailsWith(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace dagfs::car
