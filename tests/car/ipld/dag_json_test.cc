// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/dag_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

#include "car/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::_;
using tests::FailsWith;
using tests::IsOkAnd;

constexpr std::string_view kSampleJson =
    R"({"a":null,"b":[true,false],"c":-1,"d":1.5,"e":"hi\n\"","f":{"/":{"byte)"
    R"(s":"aGk"}},"g":{"/":"bafkqaatine"},"h":{}})";

Result<IpldNode> decode_json(std::string_view text) {
  return decode_dag_json(as_bytes(text));
}

std::string encode_json(const IpldNode& node) {
  const auto text = encode_dag_json(node);
  return text.ok() ? *text : text.error().message();
}

TEST(DecodeDagJson, ReadsEveryKind) {
  const auto node = decode_json(kSampleJson);
  ASSERT_THAT(node, IsOkAnd(_));
  EXPECT_EQ(node->find("a")->kind(), IpldKind::kNull);
  EXPECT_TRUE(node->find("b")->as_list().front().as_bool());
  EXPECT_EQ(node->find("c")->as_integer(), IpldInteger::of(-1));
  EXPECT_EQ(node->find("d")->as_float(), 1.5);
  EXPECT_EQ(node->find("e")->as_string(), "hi\n\"");
  EXPECT_EQ(as_text(node->find("f")->as_bytes()), "hi");
  EXPECT_EQ(node->find("g")->as_link().to_string(), "bafkqaatine");
  EXPECT_TRUE(node->find("h")->as_map().empty());
  EXPECT_EQ(encode_json(*node), kSampleJson);
}

TEST(DecodeDagJson, EmptyInputIsCorrupt) {
  EXPECT_THAT(decode_json(""), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(decode_json("  "), FailsWith(ErrorCode::kCorrupt));
}

TEST(DecodeDagJson, CutAtEveryByteIsCorrupt) {
  for (std::size_t size = 0; size < kSampleJson.size(); ++size) {
    EXPECT_THAT(decode_json(kSampleJson.substr(0, size)),
                FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(DecodeDagJson, SpaceAndKeyOrderAreLetPass) {
  const auto node = decode_json(" { \"b\" : 1 ,\n\t\"a\" : 2 } \r\n");
  ASSERT_THAT(node, IsOkAnd(_));
  EXPECT_EQ(node->as_map().front().key, "b");
  EXPECT_EQ(encode_json(*node), R"({"a":2,"b":1})");
}

TEST(DecodeDagJson, WhatIsNotJsonIsCorrupt) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text : {"{} {}"sv,
                                      "[1,]"sv,
                                      "{a:1}"sv,
                                      "'a'"sv,
                                      "01"sv,
                                      "+1"sv,
                                      ".5"sv,
                                      "1."sv,
                                      "NaN"sv,
                                      "Infinity"sv,
                                      "nul"sv,
                                      "// x\n1"sv,
                                      "/* x */1"sv,
                                      "1\0"sv,
                                      "1\0garbage"sv,
                                      "\"\0\""sv,
                                      "\xef\xbb\xbf"
                                      "1"sv,
                                      "\"\x1f\""sv,
                                      "\"\xc3\x28\""sv,
                                      "\"\\ud800\""sv,
                                      "\"\\x41\""sv,
                                      "1e999"sv}) {
    EXPECT_THAT(decode_json(text), FailsWith(ErrorCode::kCorrupt)) << text;
  }
}

TEST(DecodeDagJson, KeyTwiceIsCorrupt) {
  EXPECT_THAT(decode_json(R"({"foo":1,"foo":2,"bar":3})"),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(decode_json(R"({"a":1,"\u0061":2})"),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(DecodeDagJson, OtherMapsWithTheReservedKeyAreCorrupt) {
  for (const std::string_view text : {
           R"({"/":"not a CID"})",
           R"({"/":""})",
           R"({"/":"bafkqaatine","x":1})",
           R"({"x":1,"/":"bafkqaatine"})",
           R"({"/":1})",
           R"({"/":null})",
           R"({"/":{}})",
           R"({"/":{"bytes":1}})",
           R"({"/":{"bytes":"aGk="}})",
           R"({"/":{"bytes":"a"}})",
           R"({"/":{"bytes":"aGl"}})",
           R"({"/":{"bytes":"aGk","x":1}})",
           R"({"/":{"bytes":"aGk"},"x":1})",
           R"({"/":{"/":"bafkqaatine"}})",
           R"({"/":{"bytes":{"/":"bafkqaatine"}}})",
       }) {
    EXPECT_THAT(decode_json(text), FailsWith(ErrorCode::kCorrupt)) << text;
  }
  EXPECT_THAT(decode_json(R"({"bytes":"aGk"})"), IsOkAnd(_));
}

TEST(DecodeDagJson, IntegersReachTheModelsLimitsAndNoFurther) {
  for (const std::string_view text :
       {"0", "-1", "9223372036854775808", "18446744073709551615",
        "-9223372036854775808", "-9223372036854775809",
        "-18446744073709551616"}) {
    const auto node = decode_json(text);
    ASSERT_THAT(node, IsOkAnd(_)) << text;
    EXPECT_EQ(node->as_integer().to_string(), text);
  }
  for (const std::string_view text :
       {"18446744073709551616", "-18446744073709551617",
        "100000000000000000000000000000000000"}) {
    EXPECT_THAT(decode_json(text), FailsWith(ErrorCode::kCorrupt)) << text;
  }
  EXPECT_EQ(decode_json("-0")->as_integer(), IpldInteger::of(0));
}

TEST(DecodeDagJson, FractionOrExponentMakesAFloat) {
  for (const std::string_view text : {"1.0", "1e3", "1E3", "-0.0"}) {
    EXPECT_EQ(decode_json(text)->kind(), IpldKind::kFloat) << text;
  }
}

TEST(DecodeDagJson, DepthBeyondTheLimitIsExhausted) {
  const std::string open(kNodeDepthMax + 2, '[');
  const std::string close(kNodeDepthMax + 2, ']');
  EXPECT_THAT(decode_json(open + close), IsOkAnd(_));
  EXPECT_THAT(decode_json("[" + open), FailsWith(ErrorCode::kExhausted));
  EXPECT_THAT(decode_json(std::string(1'000'000, '[')),
              FailsWith(ErrorCode::kExhausted));
}

TEST(DecodeDagJson, MoreValuesThanTheLimitAreExhausted) {
  std::string text = "[";
  for (std::size_t i = 0; i < kNodeValuesMax; ++i) text += "0,";
  EXPECT_THAT(decode_json(text + "0]"), FailsWith(ErrorCode::kExhausted));
}

TEST(EncodeDagJson, FloatsAreAsEcmascriptWritesThemWithAPoint) {
  const auto text = [](double value) {
    return encode_json(IpldNode::floating(value));
  };
  EXPECT_EQ(text(0), "0.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(-100), "-100.0");
  EXPECT_EQ(text(123456.75), "123456.75");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(1e-6), "0.000001");
  EXPECT_EQ(text(1.5e-7), "1.5e-7");
  EXPECT_EQ(text(1e-323), "1e-323");
  EXPECT_EQ(text(123456789012345680000.0), "123456789012345680000.0");
  EXPECT_EQ(text(1e21), "1e+21");
  EXPECT_EQ(text(std::numeric_limits<double>::max()),
            "1.7976931348623157e+308");
}

TEST(EncodeDagJson, EscapesWhatJsonMustAndNothingElse) {
  EXPECT_EQ(
      encode_json(IpldNode::string("\b\f\n\r\t\"\\\x01\x1f/\x7f\xc3\xa9")),
      "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\\u001f/\x7f\xc3\xa9\"");
}

TEST(EncodeDagJson, OrdersKeysByTheirBytes) {
  const IpldNode node =
      IpldNode::map({{"b", IpldNode()}, {"aa", IpldNode()}, {"", IpldNode()}});
  EXPECT_EQ(encode_json(node), R"({"":null,"aa":null,"b":null})");
}

TEST(EncodeDagJson, WhatItCannotHoldIsUnsupported) {
  const IpldNode infinite =
      IpldNode::floating(std::numeric_limits<double>::infinity());
  const IpldNode text = IpldNode::string("\xc3\x28");
  const IpldNode reserved = IpldNode::map({{"/", IpldNode()}});
  const IpldNode twice = IpldNode::map({{"a", IpldNode()}, {"a", IpldNode()}});
  for (const IpldNode& node : {infinite, text, reserved, twice}) {
    EXPECT_THAT(encode_dag_json(IpldNode::list({node})),
                FailsWith(ErrorCode::kUnsupported));
  }
}

TEST(DagJsonText, BytesThatAreNotUtf8StayRecognizable) {
  EXPECT_EQ(dag_json_text(IpldNode::string("a\xc3(\xff")),
            R"("a\udcc3(\udcff")");
  EXPECT_EQ(dag_json_text(IpldNode::map({{"\x80", IpldNode()}})),
            R"({"\udc80":null})");
}

TEST(DagJsonText, ReservedKeyIsWrittenAsItIs) {
  const IpldNode node = IpldNode::map({{"/", IpldNode::string("x")}});
  EXPECT_EQ(dag_json_text(node), R"({"/":"x"})");
}

TEST(DagJsonText, IsTheCanonicalFormWhereThereIsOne) {
  EXPECT_EQ(dag_json_text(decode_json(kSampleJson).value()), kSampleJson);
}

}  // namespace
}  // namespace dagfs::car
