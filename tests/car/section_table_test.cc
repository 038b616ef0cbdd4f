// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/section_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "car/base/endian.h"
#include "car/car_index.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Digest = std::array<std::byte, 32>;

// Alike but for a few bits, as chosen digests would be.
Digest digest(std::uint64_t number) {
  Digest made = {};
  store_le(made.data() + 24, number);
  return made;
}

Multihash sha2_256(const Digest& bytes) { return {HashCode::kSha2_256, bytes}; }

void expect_all_found(const SectionTable& table, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_THAT(table.find(sha2_256(digest(i))), ElementsAre(1000 + i));
  }
  EXPECT_THAT(table.find(sha2_256(digest(count))), IsEmpty());
}

TEST(SectionTable, FindsWhatWasAddedWhileItGrows) {
  SectionTable table;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(table.add(sha2_256(digest(i)), 1000 + i).ok());
    if (i % 700 == 77) expect_all_found(table, i + 1);
  }
  expect_all_found(table, 5'000);
}

TEST(SectionTable, FindsInSortedRecordsAndGrowsAgain) {
  SectionTable table;
  for (std::uint64_t i = 0; i < 500; ++i) {
    ASSERT_TRUE(table.add(sha2_256(digest(i)), 1000 + i).ok());
  }
  table.sort();
  expect_all_found(table, 500);

  ASSERT_TRUE(table.add(sha2_256(digest(500)), 1500).ok());
  expect_all_found(table, 501);
}

TEST(SectionTable, HashFunctionsAndLengthsAreKeptApart) {
  SectionTable table;
  const Digest bytes = digest(1);
  const Multihash blake{HashCode::kBlake2b256, bytes};
  const Multihash truncated{HashCode::kSha2_256, ByteView(bytes).first(20)};
  ASSERT_TRUE(table.add(sha2_256(bytes), 1).ok());
  ASSERT_TRUE(table.add(blake, 2).ok());
  ASSERT_TRUE(table.add(truncated, 3).ok());

  for (int sorted = 0; sorted < 2; ++sorted) {
    EXPECT_THAT(table.find(sha2_256(bytes)), ElementsAre(1));
    EXPECT_THAT(table.find(blake), ElementsAre(2));
    EXPECT_THAT(table.find(truncated), ElementsAre(3));
    table.sort();
  }
}

TEST(SectionTable, CopiesAreFoundInOrderUpToALimit) {
  SectionTable table;
  // Would take forever if each were compared with all the others.
  constexpr std::uint64_t kCount = 50'000;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(table.add(sha2_256(digest(0)), i).ok());
  }

  const SectionOffsets growing = table.find(sha2_256(digest(0)));
  table.sort();
  const SectionOffsets sorted = table.find(sha2_256(digest(0)));

  ASSERT_EQ(growing.size(), kCopiesMax);
  EXPECT_EQ(growing.back(), kCopiesMax - 1);
  EXPECT_EQ(growing, sorted);
  EXPECT_EQ(table.records().count(), kCount);
}

TEST(SectionTable, ReservedKindsThatStayEmptyAreNotInTheIndex) {
  SectionTable table;
  const Digest bytes = digest(1);
  ASSERT_TRUE(table.reserve({HashCode::kBlake2b256, bytes}).ok());
  EXPECT_THAT(table.find({HashCode::kBlake2b256, bytes}), IsEmpty());
  ASSERT_TRUE(table.add(sha2_256(bytes), 7).ok());
  table.sort();

  Bytes encoded;
  ASSERT_TRUE(table.records()
                  .encode(5,
                          [&](ByteView some) {
                            encoded.insert(encoded.end(), some.begin(),
                                           some.end());
                            return ok_status();
                          })
                  .ok());

  EXPECT_EQ(table.records().encoded_size(), encoded.size());
  const auto index = tests::open_index(encoded).value();
  EXPECT_EQ(index->buckets().size(), 1U);
  EXPECT_EQ(index->find(sha2_256(bytes))->front().position, 12U);
}

TEST(SectionTable, KindsOfMultihashAreLimited) {
  SectionTable table;
  const Digest bytes = digest(1);
  for (std::uint64_t i = 0; i < kIndexBucketsMax; ++i) {
    ASSERT_TRUE(table.add({HashCode{i + 1}, bytes}, i).ok());
  }

  EXPECT_THAT(table.add({HashCode{kIndexBucketsMax + 1}, bytes}, 0),
              tests::FailsWith(ErrorCode::kExhausted));
  EXPECT_TRUE(table.add({HashCode{1}, bytes}, 9).ok());
}

}  // namespace
}  // namespace dagfs::car
