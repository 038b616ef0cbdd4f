// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/dag_cbor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "car/limits.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::_;
using tests::FailsWith;
using tests::from_hex;
using tests::IsOkAnd;

constexpr std::string_view kAbcCid =
    "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";

Result<IpldNode> decode(std::string_view hex,
                        DagCborForm form = DagCborForm::kAsFound) {
  return decode_dag_cbor(from_hex(hex), form);
}

std::string encoded(const IpldNode& node) {
  const auto bytes = encode_dag_cbor(node);
  return bytes.ok() ? to_hex(*bytes) : bytes.error().message();
}

IpldNode unsigned_integer(std::uint64_t value) {
  return IpldNode::integer({.argument = value});
}

// A list of a map of everything, as encode_dag_cbor writes it.
std::string sample_hex() {
  return "81a9"
         "6161f4"                  // a: false
         "6162f6"                  // b: null
         "616320"                  // c: -1
         "61641903e8"              // d: 1000
         "6165fb3ff8000000000000"  // e: 1.5
         "6166426869"              // f: bytes
         "6167626869"              // g: "hi"
         "616880"                  // h: []
         "616cd82a"                // l: link
         "58250001551220"
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
}

TEST(DecodeDagCbor, ReadsEveryKind) {
  const auto node = decode(sample_hex());
  ASSERT_THAT(node, IsOkAnd(_));
  const IpldNode& map = node->as_list().front();
  EXPECT_FALSE(map.find("a")->as_bool());
  EXPECT_EQ(map.find("b")->kind(), IpldKind::kNull);
  EXPECT_EQ(map.find("c")->as_integer(), IpldInteger::of(-1));
  EXPECT_EQ(map.find("d")->as_integer(), IpldInteger::of(1000));
  EXPECT_EQ(map.find("e")->as_float(), 1.5);
  EXPECT_EQ(as_text(map.find("f")->as_bytes()), "hi");
  EXPECT_EQ(map.find("g")->as_string(), "hi");
  EXPECT_TRUE(map.find("h")->as_list().empty());
  EXPECT_EQ(map.find("l")->as_link().to_string(), kAbcCid);
  EXPECT_EQ(encoded(*node), sample_hex());
}

TEST(DecodeDagCbor, IntegersReachCborsLimits) {
  EXPECT_EQ(decode("1bffffffffffffffff")->as_integer().to_string(),
            "18446744073709551615");
  EXPECT_EQ(decode("3bffffffffffffffff")->as_integer().to_string(),
            "-18446744073709551616");
  EXPECT_EQ(decode("3b7fffffffffffffff")->as_integer().to_string(),
            "-9223372036854775808");
}

TEST(DecodeDagCbor, EmptyInputIsCorrupt) {
  EXPECT_THAT(decode(""), FailsWith(ErrorCode::kCorrupt));
}

TEST(DecodeDagCbor, CutAtEveryByteIsCorrupt) {
  const std::string whole = sample_hex();
  for (std::size_t size = 0; size < whole.size(); size += 2) {
    EXPECT_THAT(decode(whole.substr(0, size)), FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(DecodeDagCbor, BytesAfterTheValueAreCorrupt) {
  EXPECT_THAT(decode("0000"), FailsWith(ErrorCode::kCorrupt));
}

TEST(DecodeDagCbor, GreatestLengthsAreCorruptWithoutAllocation) {
  for (const std::string_view head : {"5b", "7b", "9b", "bb"}) {
    for (const std::string_view length :
         {"ffffffffffffffff", "7fffffffffffffff", "0000000100000000"}) {
      EXPECT_THAT(decode(std::string(head) + std::string(length) + "00"),
                  FailsWith(ErrorCode::kCorrupt))
          << head << length;
    }
  }
}

TEST(DecodeDagCbor, NumbersLongerThanNeededAreCorrupt) {
  for (const std::string_view hex :
       {"1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817",
        "580161", "5900ff", "780161", "980100", "b801616100", "d92a00"}) {
    EXPECT_THAT(decode(hex), FailsWith(ErrorCode::kCorrupt)) << hex;
  }
  for (const std::string_view hex :
       {"17", "1818", "18ff", "190100", "1a00010000", "1b0000000100000000"}) {
    EXPECT_THAT(decode(hex), IsOkAnd(_)) << hex;
  }
}

TEST(DecodeDagCbor, WhatDagCborLeavesOutIsCorrupt) {
  for (const std::string_view hex : {
           "5f4161ff",
           "7f6161ff",
           "9f00ff",
           "bf616100ff",  // Indefinite.
           "1c",
           "1f",
           "ff",  // Reserved.
           "f7",
           "e0",
           "f0",
           "f818",
           "f820",  // Simple values.
           "f93e00",
           "fa3fc00000",  // Short floats.
           "fb7ff8000000000000",
           "fb7ff0000000000000",
           "fbfff0000000000000",
           "c074",
           "d9d9f700",
           "d82b4100",        // Other tags.
           "a10000",          // A key that is no string.
           "a2616100616101",  // A key twice.
       }) {
    EXPECT_THAT(decode(hex), FailsWith(ErrorCode::kCorrupt)) << hex;
  }
}

TEST(DecodeDagCbor, LinkThatIsNoCidIsCorrupt) {
  for (const std::string_view hex : {
           "d82a00",              // Not bytes.
           "d82a40",              // Empty.
           "d82a4501550000ff",    // No prefix.
           "d82a4100",            // Prefix alone.
           "d82a460001550000ff",  // Bytes after it.
           "d82a450002550000",    // Version 2.
       }) {
    EXPECT_THAT(decode(hex), FailsWith(ErrorCode::kCorrupt)) << hex;
  }
  EXPECT_THAT(decode("d82a450001550000"), IsOkAnd(_));
}

// Both occur in Filecoin's genesis block and state.
TEST(DecodeDagCbor, KeyOrderAndTextAreLeftAsFoundUnlessCanonicalIsAsked) {
  for (const std::string_view hex : {"a2616201616100", "62c328"}) {
    EXPECT_THAT(decode(hex), IsOkAnd(_)) << hex;
    EXPECT_THAT(decode(hex, DagCborForm::kCanonical),
                FailsWith(ErrorCode::kCorrupt))
        << hex;
  }
  EXPECT_EQ(decode("a2616201616100")->as_map().front().key, "b");
}

TEST(DecodeDagCbor, KeyThatIsRepeatedOutOfOrderIsCorrupt) {
  EXPECT_THAT(decode("a3636261720363666f6f0163666f6f02"),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(decode("a3616200616100616200"), FailsWith(ErrorCode::kCorrupt));
}

TEST(DecodeDagCbor, DepthBeyondTheLimitIsExhausted) {
  std::string hex;
  for (std::size_t i = 0; i < kNodeDepthMax; ++i) hex += "81";
  EXPECT_THAT(decode(hex + "00"), IsOkAnd(_));
  EXPECT_THAT(decode(hex + "8100"), FailsWith(ErrorCode::kExhausted));
}

TEST(DecodeDagCbor, MoreValuesThanTheLimitAreExhausted) {
  static_assert(kNodeValuesMax == 0x10'0000);
  Bytes list = from_hex("9a00100000");  // As many, and the list is one more.
  list.resize(list.size() + kNodeValuesMax);
  EXPECT_THAT(decode_dag_cbor(list), FailsWith(ErrorCode::kExhausted));

  Bytes map = from_hex("ba00100000");
  map.resize(map.size() + 2 * kNodeValuesMax);
  EXPECT_THAT(decode_dag_cbor(map), FailsWith(ErrorCode::kExhausted));
}

TEST(EncodeDagCbor, OrdersKeysByLengthThenBytes) {
  const IpldNode node = IpldNode::map({{"bb", unsigned_integer(3)},
                                       {"c", unsigned_integer(2)},
                                       {"aa", unsigned_integer(4)},
                                       {"", unsigned_integer(1)}});
  EXPECT_EQ(encoded(node), "a460016163026261610462626203");
}

TEST(EncodeDagCbor, WritesNumbersAtTheirShortest) {
  EXPECT_EQ(encoded(unsigned_integer(23)), "17");
  EXPECT_EQ(encoded(unsigned_integer(24)), "1818");
  EXPECT_EQ(encoded(unsigned_integer(255)), "18ff");
  EXPECT_EQ(encoded(unsigned_integer(256)), "190100");
  EXPECT_EQ(encoded(unsigned_integer(65536)), "1a00010000");
  EXPECT_EQ(encoded(unsigned_integer(std::uint64_t{1} << 32)),
            "1b0000000100000000");
  EXPECT_EQ(encoded(IpldNode::integer(IpldInteger::of(-500))), "3901f3");
  EXPECT_EQ(encoded(IpldNode::floating(-0.0)), "fb0000000000000000");
}

TEST(EncodeDagCbor, WhatItCannotHoldIsUnsupported) {
  const IpldNode infinite =
      IpldNode::floating(std::numeric_limits<double>::infinity());
  const IpldNode text = IpldNode::string("\xc3\x28");
  const IpldNode twice = IpldNode::map({{"a", IpldNode()}, {"a", IpldNode()}});
  for (const IpldNode& node : {infinite, text, twice}) {
    EXPECT_THAT(encode_dag_cbor(node), FailsWith(ErrorCode::kUnsupported));
  }
}

}  // namespace
}  // namespace dagfs::car
