// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/rle_plus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/sector_builder.h"

namespace dagfs::mount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::encode_rle_plus;
using tests::FailsWith;
using tests::from_hex;
using tests::IsOkAnd;

using NumberRuns = std::vector<NumberRun>;

Result<NumberRuns> decoded(ByteView encoded) {
  auto reader = DAGFS_TRY(RlePlusReader::open(encoded));
  NumberRuns runs;
  while (true) {
    const auto run = DAGFS_TRY(reader.next());
    if (!run) return runs;
    runs.push_back(*run);
  }
}

Result<NumberRuns> decoded(const char* hex) { return decoded(from_hex(hex)); }

TEST(RlePlus, ExamplesReadAndAreWrittenAgain) {
  constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
  const struct {
    const char* hex;
    NumberRuns runs;
  } kExamples[] = {
      {"", {}},
      {"041002", {{0, 2048}}},
      {"041001", {{0, 1024}}},
      {"0050004001", {{256, 256}}},
      {"0090004002", {{512, 512}}},
      {"043000c0010009", {{0, 128}, {512, 512}}},
      {"04101090", {{0, 8 << 20}}},
      {"0410101050", {{0, 512 << 20}}},
      {"041010101030", {{0, 32 * kGibibyte}}},
      {"041010101050", {{0, 64 * kGibibyte}}},
      {"041010101008", {{0, 16 * kGibibyte}}},
      {"0010101010044040404010", {{8 * kGibibyte, 8 * kGibibyte}}},
      {"7c472202", {{0, 1}, {2, 1}, {4, 3}, {11, 17}}},
  };
  for (const auto& example : kExamples) {
    EXPECT_THAT(decoded(example.hex), IsOkAnd(example.runs)) << example.hex;
    EXPECT_EQ(to_hex(encode_rle_plus(example.runs)), example.hex);
  }
}

TEST(RlePlus, RunsOfEveryLengthReadAsTheyWereWritten) {
  for (std::uint64_t length = 1; length < 300; ++length) {
    const NumberRuns runs = {{length, length}, {3 * length, 1}};
    EXPECT_THAT(decoded(encode_rle_plus(runs)), IsOkAnd(runs)) << length;
  }
}

TEST(RlePlus, CutAnywhereReadsWithoutHarm) {
  const Bytes whole = from_hex("0010101010044040404010");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto runs = decoded(ByteView(whole).first(size));
    if (!runs.ok()) {
      EXPECT_EQ(runs.error().code(), ErrorCode::kCorrupt);
    }
  }
}

TEST(RlePlus, AnotherVersionIsCorrupt) {
  for (const char* hex : {"05", "06", "07"}) {
    EXPECT_THAT(decoded(hex), FailsWith(ErrorCode::kCorrupt)) << hex;
  }
}

TEST(RlePlus, ZeroByteAtTheEndIsCorrupt) {
  EXPECT_THAT(decoded("04100200"), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(decoded("00"), FailsWith(ErrorCode::kCorrupt));
}

// Bits for tests: the version, the first run's value, then a long length.
Bytes with_varint(const std::vector<unsigned>& varint) {
  Bytes bytes;
  std::uint64_t carried = 0b00100;  // Read from the right.
  for (const unsigned byte : varint) {
    carried |= std::uint64_t{byte} << 5;
    bytes.push_back(static_cast<std::byte>(carried & 0xffU));
    carried >>= 8;
  }
  bytes.push_back(static_cast<std::byte>(carried | 0x20));  // A run of one.
  return bytes;
}

TEST(RlePlus, GreatestLengthIsARun) {
  constexpr std::uint64_t kGreatest = ~std::uint64_t{0};
  const NumberRuns runs = {{0, kGreatest}};
  EXPECT_THAT(decoded(encode_rle_plus(runs)), IsOkAnd(runs));
  // One more number than there are.
  EXPECT_THAT(decoded(with_varint({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0x01})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(RlePlus, LengthOfMoreThan64BitsIsCorrupt) {
  EXPECT_THAT(decoded(with_varint({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0x03})),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(decoded(with_varint({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                   0x80, 0x80, 0x80, 0x01})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(RlePlus, LengthWithMoreBytesThanItNeedsIsCorrupt) {
  EXPECT_THAT(decoded(with_varint({0x90, 0x00})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(RlePlus, LengthOfZeroEndsTheSet) {
  EXPECT_THAT(decoded(with_varint({0x00})), IsOkAnd(IsEmpty()));
  EXPECT_THAT(decoded(with_varint({0x10})),
              IsOkAnd(ElementsAre(NumberRun{.first = 0, .count = 16})));
}

}  // namespace
}  // namespace dagfs::mount
