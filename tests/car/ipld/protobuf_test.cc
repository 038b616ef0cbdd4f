// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::_;
using testing::IsEmpty;
using tests::bytes;
using tests::FailsWith;
using tests::IsOkAnd;

Result<ProtobufField> read_one(const Bytes& input) {
  ByteView rest = input;
  return read_protobuf_field(&rest);
}

TEST(ReadProtobufField, ReadsEachWireType) {
  const Bytes input =
      bytes({0x08, 0x96, 0x01,                                        // 1: 150
             0x12, 0x02, 0x68, 0x69,                                  // 2: "hi"
             0x1d, 0x01, 0x00, 0x00, 0x80,                            // 3
             0x21, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80});  // 4
  ByteView rest = input;

  const auto varint = read_protobuf_field(&rest);
  ASSERT_THAT(varint, IsOkAnd(_));
  EXPECT_EQ(varint->number, 1u);
  EXPECT_EQ(varint->type, WireType::kVarint);
  EXPECT_EQ(varint->value, 150u);
  const auto text = read_protobuf_field(&rest);
  ASSERT_THAT(text, IsOkAnd(_));
  EXPECT_EQ(text->number, 2u);
  EXPECT_EQ(as_text(text->bytes), "hi");
  const auto fixed32 = read_protobuf_field(&rest);
  ASSERT_THAT(fixed32, IsOkAnd(_));
  EXPECT_EQ(fixed32->value, 0x8000'0001u);
  const auto fixed64 = read_protobuf_field(&rest);
  ASSERT_THAT(fixed64, IsOkAnd(_));
  EXPECT_EQ(fixed64->value, 0x8000'0000'0000'0002u);
  EXPECT_THAT(rest, IsEmpty());
}

TEST(ReadProtobufField, EmptyInputIsCorrupt) {
  EXPECT_THAT(read_one({}), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadProtobufField, CutAtEveryByteIsCorrupt) {
  for (const Bytes& whole :
       {bytes({0x08, 0x96, 0x01}), bytes({0x12, 0x02, 0x68, 0x69}),
        bytes({0x1d, 1, 2, 3, 4}), bytes({0x21, 1, 2, 3, 4, 5, 6, 7, 8})}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(
          read_one(Bytes(whole.begin(),
                         whole.begin() + static_cast<std::ptrdiff_t>(size))),
          FailsWith(ErrorCode::kCorrupt))
          << size;
    }
  }
}

TEST(ReadProtobufField, GreatestLengthIsCorrupt) {
  EXPECT_THAT(read_one(bytes({0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                              0xff, 0xff, 0x01, 0x68})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadProtobufField, GroupsAndFieldZeroAreCorrupt) {
  for (const unsigned tag : {0x0bu, 0x0cu, 0x0eu, 0x0fu, 0x00u, 0x02u}) {
    EXPECT_THAT(read_one(bytes({tag, 0x00})), FailsWith(ErrorCode::kCorrupt))
        << tag;
  }
}

TEST(ReadProtobufField, FieldNumberBeyondTheFormatIsCorrupt) {
  EXPECT_THAT(read_one(bytes({0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01})),
              IsOkAnd(_));
  EXPECT_THAT(read_one(bytes({0x80, 0x80, 0x80, 0x80, 0x10, 0x01})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadProtobufField, VarintHoldsSixtyFourBitsAndNoMore) {
  Bytes input = bytes({0x08});
  input.resize(10, std::byte{0xff});
  input.push_back(std::byte{0x01});
  const auto field = read_one(input);
  ASSERT_THAT(field, IsOkAnd(_));
  EXPECT_EQ(field->value, ~std::uint64_t{0});

  input.back() = std::byte{0x02};
  EXPECT_THAT(read_one(input), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadProtobufField, VarintMayBeLongerThanNeeded) {
  const auto field = read_one(bytes({0x88, 0x00, 0x81, 0x80, 0x00}));
  ASSERT_THAT(field, IsOkAnd(_));
  EXPECT_EQ(field->number, 1u);
  EXPECT_EQ(field->value, 1u);
}

TEST(ProtobufReader, EndsWithoutFault) {
  const Bytes message = bytes({0x08, 0x01, 0x10, 0x02});
  ProtobufReader reader(message);
  ProtobufField field;
  EXPECT_TRUE(reader.next(&field));
  EXPECT_TRUE(reader.next(&field));
  EXPECT_EQ(field.value, 2u);
  EXPECT_FALSE(reader.next(&field));
  EXPECT_THAT(reader.status(), IsOkAnd(_));
}

TEST(ProtobufReader, StopsForGoodAtDamage) {
  const Bytes message = bytes({0x08, 0x01, 0x12, 0x05, 0x08, 0x01});
  ProtobufReader reader(message);
  ProtobufField field;
  EXPECT_TRUE(reader.next(&field));
  EXPECT_FALSE(reader.next(&field));
  EXPECT_FALSE(reader.next(&field));
  EXPECT_THAT(reader.status(), FailsWith(ErrorCode::kCorrupt));
}

TEST(AppendProtobuf, IsReadBack) {
  Bytes out;
  append_protobuf_varint(3, ~std::uint64_t{0}, &out);
  append_protobuf_bytes(16, as_bytes("x"), &out);

  ByteView rest = out;
  const auto varint = read_protobuf_field(&rest);
  ASSERT_THAT(varint, IsOkAnd(_));
  EXPECT_EQ(varint->value, ~std::uint64_t{0});
  const auto text = read_protobuf_field(&rest);
  ASSERT_THAT(text, IsOkAnd(_));
  EXPECT_EQ(text->number, 16u);
  EXPECT_EQ(as_text(text->bytes), "x");
}

}  // namespace
}  // namespace dagfs::car
