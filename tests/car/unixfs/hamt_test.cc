// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/hamt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

using testing::Eq;
using testing::Optional;

// Known answers of MurmurHash3_x64_128, seed 0.
TEST(HamtHash, IsTheFirstHalfOfMurmur3) {
  EXPECT_EQ(hamt_hash(""), 0u);
  EXPECT_EQ(hamt_hash("hello"), 0xcbd8a7b341bd9b02u);
  EXPECT_EQ(hamt_hash("The quick brown fox jumps over the lazy dog"),
            0xe34bbc7bbc071b6cu);
}

TEST(HamtHash, EveryTailLengthCounts) {
  const std::string text = "0123456789abcdef0123456789abcdef";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_NE(hamt_hash(text.substr(0, size)),
              hamt_hash(text.substr(0, size - 1)));
    std::string padded = text.substr(0, size - 1);
    padded.push_back('\0');
    EXPECT_NE(hamt_hash(padded), hamt_hash(text.substr(0, size - 1)));
  }
}

TEST(HamtFanout, PrefixIsAsWideAsTheHighestSlot) {
  EXPECT_EQ(HamtFanout(0).prefix_size(), 0u);
  EXPECT_EQ(HamtFanout(1).prefix_size(), 1u);
  EXPECT_EQ(HamtFanout(16).prefix_size(), 1u);
  EXPECT_EQ(HamtFanout(17).prefix_size(), 2u);
  EXPECT_EQ(HamtFanout(256).prefix_size(), 2u);
  EXPECT_EQ(HamtFanout(257).prefix_size(), 3u);
  EXPECT_EQ(HamtFanout(1u << 20).prefix_size(), 5u);
  EXPECT_EQ(HamtFanout(~std::uint64_t{0}).prefix_size(), 16u);
}

TEST(HamtFanout, OnlyBoundedPowersOfTwoHaveSlots) {
  EXPECT_THAT(HamtFanout(256).bits(), Optional(8u));
  EXPECT_THAT(HamtFanout(kHamtFanoutMax).bits(), Optional(20u));
  for (const std::uint64_t fanout :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100},
        kHamtFanoutMax * 2, ~std::uint64_t{0}}) {
    EXPECT_THAT(HamtFanout(fanout).bits(), Eq(std::nullopt));
    EXPECT_THAT(HamtFanout(fanout).slot(1, 0), Eq(std::nullopt));
  }
}

TEST(HamtFanout, SlotsAreTakenFromTheHighestBitDown) {
  const std::uint64_t hash = 0x0123'4567'89ab'cdef;
  EXPECT_THAT(HamtFanout(256).slot(hash, 0), Optional(0x01u));
  EXPECT_THAT(HamtFanout(256).slot(hash, 8), Optional(0x23u));
  EXPECT_THAT(HamtFanout(256).slot(hash, 56), Optional(0xefu));
  EXPECT_THAT(HamtFanout(256).slot(hash, 57), Eq(std::nullopt));
  EXPECT_THAT(HamtFanout(8).slot(hash, 60), Optional(7u));
  EXPECT_THAT(HamtFanout(8).slot(hash, 63), Eq(std::nullopt));
}

TEST(HamtPrefix, IsUpperCaseHexAndReadInBothCases) {
  EXPECT_EQ(HamtFanout(256).prefix(0xa), "0A");
  EXPECT_EQ(HamtFanout(1u << 20).prefix(0xbeef), "0BEEF");
  EXPECT_THAT(parse_hamt_prefix("0A"), Optional(0xau));
  EXPECT_THAT(parse_hamt_prefix("0a"), Optional(0xau));
  for (const char* wrong : {"", "G0", "-1", " 1", "0x1", "1 "}) {
    EXPECT_THAT(parse_hamt_prefix(wrong), Eq(std::nullopt)) << wrong;
  }
  EXPECT_THAT(parse_hamt_prefix("11112222333344445"), Eq(std::nullopt));
}

}  // namespace
}  // namespace dagfs::car
