// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "car/base/endian.h"
#include "tests/support/car_builder.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::Cid;
using car::Codec;
using car::HashCode;
using car::IndexCodec;
using testing::HasSubstr;
using testing::StartsWith;

constexpr IndexCodec kBothCodecs[] = {IndexCodec::kIndexSorted,
                                      IndexCodec::kMultihashIndexSorted};

std::string compare(const CarBuilder& builder) {
  const IndexedCar car = index_car(builder);
  const auto verdict =
      car::compare_embedded_index(car.file, car.header, *car.index);
  EXPECT_THAT(verdict, IsOkAnd(testing::_));
  return verdict.ok() ? *verdict : "";
}

// Several hash functions of the same length, and identity CIDs among them.
CarBuilder car_of_many_hashes() {
  CarBuilder builder;
  for (int i = 0; i < 300; ++i) {
    const std::string text = std::to_string(i);
    builder.block(text);
    builder.block(Codec::kRaw, HashCode::kBlake2b256, as_bytes(text));
    builder.block(Codec::kRaw, HashCode::kSha2_512, as_bytes(text));
    builder.identity_block(Codec::kRaw, as_bytes(text));
  }
  builder.identity_block(Codec::kRaw, Bytes(32, std::byte{7}));
  return builder;
}

TEST(CompareEmbeddedIndex, CarsWithoutOneHaveNone) {
  CarBuilder version1;
  version1.block("a");
  CarBuilder version2 = version1;
  version2.version2();

  EXPECT_EQ(compare(version1), "none");
  EXPECT_EQ(compare(version2), "none");
}

TEST(CompareEmbeddedIndex, RightOnesMatchWithIdentityEntriesOrWithout) {
  for (const IndexCodec codec : kBothCodecs) {
    CarBuilder builder = car_of_many_hashes();
    EXPECT_EQ(compare(builder.index(codec)), "matches");
    EXPECT_EQ(compare(builder.index_without_identity(codec)), "matches");
    EXPECT_EQ(compare(builder.index_padding(77).data_padding(8)), "matches");
  }
}

TEST(CompareEmbeddedIndex, EmptyIndexOfAnEmptyCarMatches) {
  for (const IndexCodec codec : kBothCodecs) {
    CarBuilder builder;
    EXPECT_EQ(compare(builder.index(codec)), "matches");
  }
}

TEST(CompareEmbeddedIndex, FullyIndexedClaimNeedsTheIdentityEntries) {
  CarBuilder builder = car_of_many_hashes();
  builder.index_without_identity(IndexCodec::kMultihashIndexSorted);

  EXPECT_THAT(compare(builder.fully_indexed()),
              StartsWith("differs: no entry for the section at"));
}

TEST(CompareEmbeddedIndex, ZerosAfterItDoNotMatter) {
  CarBuilder builder;
  builder.block("a");
  Bytes index = builder.encoded_index(IndexCodec::kMultihashIndexSorted);
  index.resize(index.size() + 500);

  EXPECT_EQ(compare(builder.index_bytes(index)), "matches");
}

// The last entry's position is the index's last 8 bytes.
std::byte* last_position(Bytes* index) {
  return index->data() + index->size() - 8;
}

TEST(CompareEmbeddedIndex, WrongPositionIsTold) {
  for (const IndexCodec codec : kBothCodecs) {
    CarBuilder builder;
    builder.block("a");
    Bytes index = builder.encoded_index(codec);
    store_le(last_position(&index), std::uint64_t{1234});

    EXPECT_THAT(compare(builder.index_bytes(index)),
                testing::AllOf(StartsWith("differs: digest "),
                               HasSubstr("said to be in the section at 1285"),
                               HasSubstr("it is in the section at 69")));
  }
}

TEST(CompareEmbeddedIndex, CopiesMayStandInAnyOrderButMustAllBeThere) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  builder.section(cid, as_bytes("a"));
  Bytes index = builder.encoded_index(IndexCodec::kMultihashIndexSorted);
  std::byte* last = last_position(&index);
  std::swap_ranges(last, last + 8, last - 40);
  EXPECT_EQ(compare(builder.index_bytes(index)), "matches");

  std::copy_n(last, 8, last - 40);
  EXPECT_THAT(compare(builder.index_bytes(index)), StartsWith("differs: "));
}

TEST(CompareEmbeddedIndex, MissingAndSurplusEntriesAreTold) {
  CarBuilder fewer;
  const Cid first = fewer.block("a");
  CarBuilder more;
  more.block("a");
  more.block("b");
  for (const IndexCodec codec : kBothCodecs) {
    const Bytes few_entries = fewer.encoded_index(codec);
    const Bytes more_entries = more.encoded_index(codec);
    EXPECT_THAT(compare(more.index_bytes(few_entries)),
                StartsWith("differs: no entry for the section at"));
    EXPECT_THAT(compare(fewer.index_bytes(more_entries)),
                StartsWith("differs: "));
  }
}

TEST(CompareEmbeddedIndex, FunctionsThatThePayloadLacksAreTold) {
  CarBuilder builder;
  builder.block("a");
  CarBuilder other;
  other.block(Codec::kRaw, HashCode::kBlake2b256, as_bytes("a"));
  builder.index_bytes(other.encoded_index(IndexCodec::kMultihashIndexSorted));

  EXPECT_THAT(compare(builder),
              StartsWith("differs: entries for blake2b-256 digests of 32 "
                         "bytes"));
}

TEST(CompareEmbeddedIndex, WholeBucketsThatLackAreTold) {
  CarBuilder builder;
  builder.block("a");
  CarBuilder empty;
  for (const IndexCodec codec : kBothCodecs) {
    EXPECT_THAT(compare(builder.index_bytes(empty.encoded_index(codec))),
                StartsWith("differs: no entry for the section at 69"));
  }
}

TEST(CompareEmbeddedIndex, UnsortedEntriesAreTold) {
  CarBuilder builder;
  for (int i = 0; i < 10; ++i) builder.block(std::to_string(i));
  for (const IndexCodec codec : kBothCodecs) {
    Bytes index = builder.encoded_index(codec);
    std::byte* last = index.data() + index.size() - 40;
    std::swap_ranges(last, last + 40, last - 40);

    EXPECT_THAT(compare(builder.index_bytes(index)), StartsWith("differs: "));
  }
}

TEST(CompareEmbeddedIndex, UnreadableOnesAreToldAndNoFailure) {
  CarBuilder builder;
  builder.block("a");
  const Bytes index = builder.encoded_index(IndexCodec::kMultihashIndexSorted);
  for (std::size_t size = 1; size < index.size(); ++size) {
    const auto cut = index.begin() + static_cast<std::ptrdiff_t>(size);
    EXPECT_THAT(compare(builder.index_bytes(Bytes(index.begin(), cut))),
                StartsWith("differs: index at "));
  }
}

TEST(CompareEmbeddedIndex, OffsetsOutsideTheirPlaceAreTold) {
  CarBuilder builder;
  builder.block("a");
  builder.version2();
  for (const std::uint64_t offset : {std::uint64_t{1}, std::uint64_t{60},
                                     std::uint64_t{5000}, ~std::uint64_t{0}}) {
    Bytes bytes = builder.bytes();
    store_le(bytes.data() + 43, offset);
    const auto car = index_car(std::make_shared<MemoryFile>(bytes));
    ASSERT_TRUE(car.ok());

    EXPECT_THAT(
        car::compare_embedded_index(car->file, car->header, *car->index),
        IsOkAnd(StartsWith("differs: it is said to begin at ")));
  }
}

}  // namespace
}  // namespace dagfs::tests
