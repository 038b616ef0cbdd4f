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

}  // namespace
}  // namespace dagfs::car
