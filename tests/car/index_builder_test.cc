// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_builder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "car/limits.h"
#include "tests/support/car_builder.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::Cid;
using car::Codec;
using car::HashCode;
using car::IndexCodec;
using car::ZeroSection;
using testing::HasSubstr;

// Every kind of section: hash functions, widths, versions, duplicates.
CarBuilder varied_car() {
  CarBuilder builder;
  for (int i = 0; i < 500; ++i) {
    const std::string text = std::to_string(i);
    builder.block(text);
    builder.block_v0(as_bytes(text));
    builder.block(Codec::kDagCbor, HashCode::kSha2_512, as_bytes(text));
    builder.block(Codec::kRaw, HashCode::kBlake2b256, as_bytes(text));
    builder.block(Codec::kRaw, HashCode::kSha1, as_bytes(text));
    builder.identity_block(Codec::kRaw, as_bytes(text));
    if (i % 10 == 0) builder.block("again and again");
  }
  builder.identity_block(Codec::kRaw, {});
  return builder;
}

TEST(BuildIndex, IsTheOneMadeTheSlowWay) {
  const CarBuilder builder = varied_car();

  const IndexedCar car = index_car(builder);

  EXPECT_TRUE(car.index_bytes ==
              builder.encoded_index(IndexCodec::kMultihashIndexSorted));
}

TEST(BuildIndex, SummaryCountsWhatIsThere) {
  CarBuilder builder;
  builder.block("a");
  builder.block("bcd");
  builder.zeros(10);

  const IndexedCar car = index_car(builder);

  EXPECT_EQ(car.summary.section_count, 2u);
  EXPECT_EQ(car.summary.block_bytes, 4u);
  EXPECT_EQ(car.summary.data_end, builder.payload().size() - 10);
  EXPECT_EQ(car.summary.index_size, car.index_bytes.size());
  EXPECT_FALSE(car.summary.has_duplicates);
}

TEST(BuildIndex, CarWithoutSectionsHasAnIndexWithoutCodes) {
  const IndexedCar car = index_car(CarBuilder());

  EXPECT_EQ(to_hex(car.index_bytes), "810800000000");
  EXPECT_EQ(car.summary.section_count, 0u);
}

TEST(BuildIndex, PositionsCountFromThePayload) {
  CarBuilder plain;
  plain.block("a");
  CarBuilder padded = plain;
  padded.data_padding(1000);

  EXPECT_EQ(index_car(plain).index_bytes, index_car(padded).index_bytes);
}

TEST(BuildIndex, SameMultihashTwiceIsADuplicateWhateverTheCodec) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  builder.block("b");
  builder.section(Cid::v1(Codec::kDagCbor, cid.multihash()), as_bytes("a"));

  EXPECT_TRUE(index_car(builder).summary.has_duplicates);
}

TEST(BuildIndex, SameDigestUnderTwoFunctionsIsNone) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  builder.section(
      Cid::v1(Codec::kRaw, {HashCode::kSha3_256, cid.multihash().digest}),
      as_bytes("a"));

  EXPECT_FALSE(index_car(builder).summary.has_duplicates);
}

TEST(BuildIndex, MalformedSectionIsCorrupt) {
  CarBuilder builder;
  builder.block("a");
  builder.raw(as_bytes("x"));

  EXPECT_THAT(index_car(builder.file()), FailsWith(ErrorCode::kCorrupt));
}

TEST(BuildIndex, ZeroPaddingIsCorruptToAStrictWalk) {
  CarBuilder builder;
  builder.zeros(1);

  EXPECT_THAT(index_car(builder.file(), ZeroSection::kIsCorrupt),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(BuildIndex, TooManyKindsOfMultihashAreExhausting) {
  CarBuilder builder;
  for (std::uint64_t i = 0; i <= car::kIndexBucketsMax; ++i) {
    const auto code = static_cast<HashCode>(0x300000 + i);
    builder.section(Cid::v1(Codec::kRaw, {code, as_bytes("digest")}), {});
  }

  EXPECT_THAT(index_car(builder.file()), FailsWith(ErrorCode::kExhausted));
}

TEST(BuildIndex, CancelledBuildIsUnavailable) {
  CarBuilder builder;
  builder.block("a");
  const auto file = builder.file();
  const auto header = car::read_car_header(*file);
  ASSERT_TRUE(header.ok());
  const std::atomic<bool> cancelled = true;

  EXPECT_THAT(
      car::build_index(*file, *header, ZeroSection::kEndsData, -1, &cancelled),
      FailsWith(ErrorCode::kUnavailable));
}

TEST(BuildIndex, FullDiskIsToldFromOtherErrors) {
  CarBuilder builder;
  builder.block("a");
  const auto file = builder.file();
  const auto header = car::read_car_header(*file);
  ASSERT_TRUE(header.ok());
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full here";

  const auto built = car::build_index(*file, *header, ZeroSection::kEndsData,
                                      full.get(), nullptr);

  ASSERT_THAT(built, FailsWith(ErrorCode::kNoSpace));
  EXPECT_THAT(built.error().message(), HasSubstr("write index"));
}

}  // namespace
}  // namespace dagfs::tests
