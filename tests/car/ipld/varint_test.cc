// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/varint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using tests::bytes;
using tests::FailsWith;
using tests::IsOkAnd;

TEST(ReadVarint, ReadsOneAndLeavesTheRest) {
  const Bytes input = bytes({0xac, 0x02, 0xff});
  ByteView rest = input;
  EXPECT_THAT(read_varint(&rest), IsOkAnd(300u));
  EXPECT_THAT(rest, SizeIs(1));
}

TEST(ReadVarint, TruncatedInputIsCorruptAndConsumesNothing) {
  const Bytes input = bytes({0x80, 0x80});
  ByteView rest = input;
  EXPECT_THAT(read_varint(&rest), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(rest, SizeIs(2));
}

TEST(ReadVarint, PaddedZeroIsCorrupt) {
  const Bytes input = bytes({0x80, 0x00});
  ByteView rest = input;
  EXPECT_THAT(read_varint(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadVarint, AcceptsNineBytesAndRejectsTen) {
  Bytes input(8, std::byte{0xff});
  input.push_back(std::byte{0x7f});
  ByteView rest = input;
  EXPECT_THAT(read_varint(&rest), IsOkAnd(0x7fff'ffff'ffff'ffffu));
  EXPECT_THAT(rest, IsEmpty());

  input.insert(input.begin(), std::byte{0xff});
  rest = input;
  EXPECT_THAT(read_varint(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(EncodeVarint, ReadsBackAsItWas) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128},
        std::uint64_t{300}, ~std::uint64_t{0} >> 1}) {
    const EncodedVarint encoded = encode_varint(value);
    ByteView rest = encoded.view();
    EXPECT_THAT(read_varint(&rest), IsOkAnd(value));
    EXPECT_THAT(rest, IsEmpty());
  }
}

TEST(EncodeVarint, TakesTenBytesForSixtyFourBits) {
  EXPECT_EQ(to_hex(encode_varint(~std::uint64_t{0}).view()),
            "ffffffffffffffffff01");
}

}  // namespace
}  // namespace dagfs::car
