// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/chunker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

void fill(Chunker* chunker, std::string_view text) {
  ASSERT_LE(text.size(), chunker->room().size());
  std::ranges::copy(as_bytes(text), chunker->room().begin());
  chunker->advance(text.size());
}

TEST(Chunker, SlabsAreWholeChunks) {
  for (const std::uint64_t size :
       {1ULL, 3ULL, 1000ULL, 262'144ULL, 1'048'576ULL, 1'500'000ULL}) {
    const Chunker chunker(size);
    EXPECT_EQ(chunker.slab_size() % size, 0U);
    EXPECT_LE(chunker.slab_size() / size, 1024U);
  }
  EXPECT_EQ(Chunker(kChunkSizeMax).slab_size(), kChunkSizeMax);
  EXPECT_EQ(Chunker(262'144).slab_size(), 1'048'576U);
}

TEST(Chunker, WithoutASlabThereIsNoRoom) {
  Chunker chunker(4);
  EXPECT_FALSE(chunker.has_slab());
  EXPECT_FALSE(chunker.is_full());
  EXPECT_TRUE(chunker.room().empty());
  EXPECT_TRUE(chunker.bytes().empty());
}

TEST(Chunker, FullSlabIsTakenWhole) {
  Chunker chunker(4);
  chunker.give(Slab(8));
  fill(&chunker, "01234567");
  EXPECT_TRUE(chunker.is_full());
  EXPECT_EQ(as_text(chunker.take().bytes()), "01234567");
  EXPECT_FALSE(chunker.has_slab());
}

TEST(Chunker, RestAfterWholeChunksStays) {
  Chunker chunker(4);
  chunker.give(Slab(16));
  fill(&chunker, "012");
  EXPECT_FALSE(chunker.has_whole_chunk());
  fill(&chunker, "34567abc");
  EXPECT_TRUE(chunker.has_whole_chunk());
  EXPECT_EQ(as_text(chunker.take_whole_chunks(Slab(16)).bytes()), "01234567");
  EXPECT_EQ(as_text(chunker.bytes()), "abc");
  fill(&chunker, "d");
  EXPECT_EQ(as_text(chunker.take_whole_chunks(Slab(16)).bytes()), "abcd");
  EXPECT_TRUE(chunker.bytes().empty());
}

}  // namespace
}  // namespace dagfs::car
