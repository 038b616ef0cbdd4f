// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/inverted_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "car/base/bytes.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;

constexpr std::uint64_t kNumbers[] = {
    1, 255, 256, 12'000'000, std::numeric_limits<std::uint64_t>::max()};

TEST(InvertedRows, NumberTakesAsFewBytesAsItNeeds) {
  for (const std::uint64_t number : kNumbers) {
    std::string row;
    append_number(number, &row);
    EXPECT_THAT(parse_number(row), IsOkAnd(number));
  }
  std::string row;
  append_number(12'000'000, &row);
  EXPECT_EQ(row.size(), 3U);
}

TEST(InvertedRows, NumberOfWrongLengthIsCorrupt) {
  EXPECT_THAT(parse_number(""), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(parse_number(std::string_view("\0\1", 2)),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(parse_number("123456789"), FailsWith(ErrorCode::kCorrupt));
}

TEST(InvertedRows, EntryEndsWithItsNumber) {
  const Bytes digest(32, std::byte{7});
  for (const std::uint64_t number : kNumbers) {
    std::string row = entry_prefix({car::HashCode::kBlake2b256, digest});
    append_number(number, &row);
    EXPECT_THAT(number_of_entry(row), IsOkAnd(number));
  }
}

TEST(InvertedRows, EntryCutAnywhereIsCorrupt) {
  const Bytes digest(32, std::byte{7});
  std::string row = entry_prefix({car::HashCode::kSha2_256, digest});
  for (std::size_t size = 1; size <= row.size(); ++size) {
    EXPECT_THAT(number_of_entry(std::string_view(row).substr(0, size)),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(InvertedRows, NoMultihashBeginsWithAnother) {
  const Bytes digest(20, std::byte{7});
  const ByteView view = digest;
  const std::string whole = entry_prefix({car::HashCode::kSha2_256, view});
  const std::string cut =
      entry_prefix({car::HashCode::kSha2_256, view.first(19)});
  const std::string other = entry_prefix({car::HashCode::kSha1, view});
  EXPECT_FALSE(whole.starts_with(cut));
  EXPECT_FALSE(whole.starts_with(other));
}

TEST(InvertedRows, PlaceRowsAreInTheOrderOfNumbers) {
  EXPECT_LT(place_row(255), place_row(256));
  EXPECT_THAT(number_of_place(place_row(256)), IsOkAnd(std::uint64_t{256}));
  EXPECT_THAT(number_of_place("s123"), FailsWith(ErrorCode::kCorrupt));
}

TEST(InvertedRows, PlaceComesBack) {
  const auto place = decode_place(
      encode_place({PlaceState::kComplete, "ab12", "a key with blanks"}));
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->state, PlaceState::kComplete);
  EXPECT_EQ(place->checksum, "ab12");
  EXPECT_EQ(place->key, "a key with blanks");
}

TEST(InvertedRows, PlaceThatIsCutIsCorrupt) {
  const std::string whole = encode_place({PlaceState::kDropped, "ab", "k"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(decode_place(std::string_view(whole).substr(0, size)),
                FailsWith(ErrorCode::kCorrupt));
  }
  EXPECT_THAT(decode_place("x ab k"), FailsWith(ErrorCode::kCorrupt));
}

TEST(InvertedRows, OnlyDecimalNumbersAreDecimal) {
  EXPECT_THAT(from_decimal("18446744073709551615"),
              IsOkAnd(std::numeric_limits<std::uint64_t>::max()));
  for (const char* text : {"", "1 ", "-1", "x", "18446744073709551616"}) {
    EXPECT_THAT(from_decimal(text), FailsWith(ErrorCode::kCorrupt));
  }
}

}  // namespace
}  // namespace dagfs::dagstore
