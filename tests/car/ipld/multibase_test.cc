// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/multibase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::bytes;
using tests::FailsWith;
using tests::IsOkAnd;

const Bytes& sample() {
  static const Bytes kSample = [] {
    const ByteView text = as_bytes("yes mani !");
    return Bytes(text.begin(), text.end());
  }();
  return kSample;
}

// The table of multibase's own test vectors.
TEST(DecodeMultibase, ReadsEveryBase) {
  for (const std::string_view text : {
           "001111001011001010111001100100000011011010110000101101110011010010"
           "010000000100001",
           "7362625631006654133464440102",
           "9573277761329450583662625",
           "f796573206d616e692021",
           "F796573206D616E692021",
           "bpfsxgidnmfxgsibb",
           "BPFSXGIDNMFXGSIBB",
           "cpfsxgidnmfxgsibb",
           "vf5in683dc5n6i811",
           "VF5IN683DC5N6I811",
           "tf5in683dc5n6i811",
           "TF5IN683DC5N6I811",
           "hxf1zgedpcfzg1ebb",
           "k2lcpzo5yikidynfl",
           "K2LCPZO5YIKIDYNFL",
           "z7paNL19xttacUY",
           "Z7Pznk19XTTzBtx",
           "meWVzIG1hbmkgIQ",
           "MeWVzIG1hbmkgIQ==",
           "ueWVzIG1hbmkgIQ",
           "UeWVzIG1hbmkgIQ==",
       }) {
    EXPECT_THAT(decode_multibase(text), IsOkAnd(sample())) << text;
  }
}

TEST(DecodeMultibase, LettersOfEitherCaseWhereTheBaseHasOne) {
  for (const std::string_view text :
       {"f796573206D616E692021", "bPFSXGIDNMFXGSIBB", "Bpfsxgidnmfxgsibb",
        "vF5IN683DC5N6I811", "K2lcPZO5yikidynFL"}) {
    EXPECT_THAT(decode_multibase(text), IsOkAnd(sample())) << text;
  }
}

TEST(DecodeMultibase, KeepsLeadingZeroBytes) {
  const Bytes zeros = bytes({0, 0, 0x79});
  for (const std::string_view text :
       {"0000000000000000001111001", "900121", "f000079", "baaahs", "k003d",
        "z1136", "mAAB5"}) {
    EXPECT_THAT(decode_multibase(text), IsOkAnd(zeros)) << text;
  }
}

TEST(DecodeMultibase, NoDigitsAreNoBytes) {
  for (const char prefix : std::string_view("079fFbBcCvVtThkKzZmMuU")) {
    EXPECT_THAT(decode_multibase(std::string(1, prefix)),
                IsOkAnd(testing::IsEmpty()))
        << prefix;
  }
}

TEST(DecodeMultibase, WhatIsNotInTheBaseIsInvalid) {
  for (const std::string_view text :
       {"", "?abc", "b1", "b=", "fxy", "02", "78", "9a", "z0", "zO", "Zl", "k_",
        "u+", "m-", "bpfsxgidnmfxgsi b", "b\xc3\xa9"}) {
    EXPECT_THAT(decode_multibase(text), FailsWith(ErrorCode::kInvalidArgument))
        << text;
  }
}

TEST(DecodeMultibase, PaddingIsWhereThePrefixSaysSo) {
  for (const std::string_view text :
       {"meWVzIG1hbmkgIQ==", "MeWVzIG1hbmkgIQ", "MeWVzIG1hbmkgIQ=",
        "MeWVzIG1hbmkgIQ======", "M====", "cpfsxgidnmfxgsib", "M=eWV"}) {
    EXPECT_THAT(decode_multibase(text), FailsWith(ErrorCode::kInvalidArgument))
        << text;
  }
}

// Two spellings of the same bytes would be two names of one block.
TEST(DecodeMultibase, BitsLeftOverMustBeZeroAndFewerThanADigit) {
  for (const std::string_view text :
       {"bpg", "bpfsx1", "f7", "mA", "mAB", "71", "0111", "hy", "vvf"}) {
    EXPECT_THAT(decode_multibase(text), FailsWith(ErrorCode::kInvalidArgument))
        << text;
  }
}

TEST(DecodeMultibase, TooLongIsInvalidWithoutConversion) {
  EXPECT_THAT(decode_multibase("0" + std::string(kMultibaseTextMax, '1')),
              FailsWith(ErrorCode::kInvalidArgument));
  for (const char* prefix : {"z", "k", "9", "Z"}) {
    EXPECT_THAT(
        decode_multibase(prefix + std::string(kLongDivisionTextMax + 1, '2')),
        FailsWith(ErrorCode::kInvalidArgument))
        << prefix;
  }
}

TEST(EncodeBases, ComeBackAsTheyWere) {
  Bytes input;
  for (unsigned i = 0; i < 70; ++i) {
    EXPECT_THAT(decode_multibase("b" + encode_base32(input)), IsOkAnd(input));
    EXPECT_THAT(decode_base58btc(encode_base58btc(input)), IsOkAnd(input));
    EXPECT_THAT(decode_base64(encode_base64(input)), IsOkAnd(input));
    input.push_back(static_cast<std::byte>(i * 37));
  }
}

}  // namespace
}  // namespace dagfs::car
