// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_extent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "car/car_reader.h"
#include "tests/support/car_builder.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::CarBuilder;
using tests::FailsWith;
using tests::IsOkAnd;

// Where the sections end.
std::uint64_t end_of_sections(const RandomAccessFile& file,
                              const CarHeader& header) {
  SectionReader reader(file, header, ZeroSection::kEndsData,
                       header.first_section);
  while (reader.next().value()) continue;
  return reader.position();
}

Result<std::uint64_t> extent_of(Bytes bytes) {
  const auto file = std::make_shared<MemoryFile>(std::move(bytes));
  const CarHeader header = read_car_header(*file).value();
  return car_extent(file, header, end_of_sections(*file, header));
}

Bytes padded_with_zeros(Bytes car) {
  car.resize(2 * car.size() + 1);
  return car;
}

TEST(CarExtent, VersionOneEndsWithItsSections) {
  CarBuilder builder;
  builder.block("a");
  const Bytes car = builder.bytes();
  EXPECT_THAT(extent_of(car), IsOkAnd(car.size()));
  EXPECT_THAT(extent_of(padded_with_zeros(car)), IsOkAnd(car.size()));
}

TEST(CarExtent, VersionTwoEndsWithItsIndex) {
  CarBuilder builder;
  builder.block("a");
  builder.index(IndexCodec::kMultihashIndexSorted);
  const Bytes car = builder.bytes();
  EXPECT_THAT(extent_of(padded_with_zeros(car)), IsOkAnd(car.size()));
}

TEST(CarExtent, VersionTwoWithoutIndexEndsWithItsPayload) {
  CarBuilder builder;
  builder.block("a");
  builder.version2();
  const Bytes car = builder.bytes();
  EXPECT_THAT(extent_of(padded_with_zeros(car)), IsOkAnd(car.size()));
}

TEST(CarExtent, OfABrokenIndexIsTheWholeFile) {
  CarBuilder builder;
  builder.block("a");
  builder.index_bytes(tests::bytes({0x81, 0x08, 0xff, 0xff, 0xff, 0xff}));
  const Bytes piece = padded_with_zeros(builder.bytes());
  EXPECT_THAT(extent_of(piece), IsOkAnd(piece.size()));
}

TEST(RequireZeros, FindsWhatIsNot) {
  Bytes bytes(600'000);
  bytes[1] = std::byte{1};
  bytes[590'000] = std::byte{1};
  const MemoryFile file(bytes);
  EXPECT_TRUE(require_zeros(file, {.offset = 2, .size = 589'998}).ok());
  EXPECT_TRUE(require_zeros(file, {.offset = 1, .size = 0}).ok());
  EXPECT_TRUE(require_zeros(file, {.offset = 590'001, .size = 9'999}).ok());
  EXPECT_THAT(require_zeros(file, {.offset = 2, .size = 589'999}),
              FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::car
