// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/cid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "car/ipld/varint.h"
#include "car/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::SizeIs;
using tests::bytes;
using tests::FailsWith;
using tests::IsOkAnd;

// Version 1 raw and version 0, both of the block "abc".
constexpr std::string_view kV1Text =
    "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";
constexpr std::string_view kV0Text =
    "QmatYkNGZnELf8cAGdyJpUca2PyY4szai3RHyyWofNY1pY";

Cid v1_of_abc() { return Cid::parse(kV1Text).value(); }
Cid v0_of_abc() { return Cid::parse(kV0Text).value(); }

Bytes v1_bytes(std::uint64_t codec, std::uint64_t code, std::uint64_t size,
               std::size_t stored) {
  Bytes out = bytes({1});
  append_varint(codec, &out);
  append_varint(code, &out);
  append_varint(size, &out);
  out.resize(out.size() + stored, std::byte{0xab});
  return out;
}

TEST(Cid, OfBytesIsTheCidEverybodyHas) {
  const auto cid = Cid::of(Codec::kRaw, HashCode::kSha2_256, as_bytes("abc"));
  ASSERT_THAT(cid, IsOkAnd(v1_of_abc()));
  EXPECT_EQ(cid->to_string(), kV1Text);
  EXPECT_EQ(cid->version(), 1u);
  EXPECT_EQ(cid->codec(), Codec::kRaw);
  EXPECT_EQ(cid->multihash().code, HashCode::kSha2_256);
  EXPECT_THAT(cid->multihash().digest, SizeIs(32));
  EXPECT_THAT(cid->multihash_bytes(), SizeIs(34));
  EXPECT_FALSE(cid->is_identity());
}

TEST(Cid, VersionZeroIsABareMultihash) {
  const Cid cid = v0_of_abc();
  EXPECT_EQ(cid.version(), 0u);
  EXPECT_EQ(cid.codec(), Codec::kDagPb);
  EXPECT_EQ(cid.to_string(), kV0Text);
  EXPECT_EQ(to_hex(cid.bytes()), to_hex(cid.multihash_bytes()));
  EXPECT_TRUE(cid.multihash() == v1_of_abc().multihash());
  EXPECT_NE(cid, v1_of_abc());
}

TEST(Cid, IdentityHoldsItsBlock) {
  const Cid cid =
      Cid::of(Codec::kRaw, HashCode::kIdentity, as_bytes("hi")).value();
  EXPECT_TRUE(cid.is_identity());
  EXPECT_EQ(as_text(cid.multihash().digest), "hi");
  EXPECT_EQ(cid.to_string(), "bafkqaatine");
}

TEST(Cid, MultibyteVarintsAreFoundAgain) {
  const Bytes digest(32, std::byte{7});
  const Cid made = Cid::v1(Codec::kDagJson, {HashCode::kBlake2b256, digest});
  const auto read = Cid::from_bytes(made.bytes());
  ASSERT_THAT(read, IsOkAnd(made));
  EXPECT_EQ(read->codec(), Codec::kDagJson);
  EXPECT_EQ(to_hex(read->multihash_bytes()), to_hex(made.multihash_bytes()));
  EXPECT_TRUE(read->multihash() == made.multihash());
}

TEST(Cid, MovedAndCopiedOnesAreEqual) {
  Cid from = v1_of_abc();
  const Cid copy = from;
  const Cid moved = std::move(from);
  EXPECT_EQ(copy, moved);
  EXPECT_EQ(copy.multihash_bytes().data() - copy.bytes().data(), 2);
  EXPECT_EQ(CidHash()(copy), CidHash()(moved));
}

TEST(Cid, OrderIsThatOfTheBytes) {
  EXPECT_LT(v1_of_abc(), v0_of_abc());  // 0x01 before 0x12.
  EXPECT_TRUE(Cid().empty());
  EXPECT_LT(Cid(), v1_of_abc());
}

TEST(Cid, FunctionThatIsNotKnownIsUnsupported) {
  EXPECT_THAT(Cid::of(Codec::kRaw, static_cast<HashCode>(0x9999), {}),
              FailsWith(ErrorCode::kUnsupported));
}

TEST(CidParse, ReadsEveryBase) {
  for (const std::string_view text : {
           "zb2rhjCBERUodVMcKTiFjjbWP12nfh2nNKKcpDNHeQPReWC2G",
           "ZA2RGJcbeqtNCumBjsHfJJAvo12MEG2MnjjBPdnhDpoqDvc2g",
           "k2cwuedaprl9o36qe0a3p667a837sh0n447c46bmq1d6bg6z8tgmmqi5",
           "f01551220"
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
           "9258823303248398281073575522896779065864822131766490248890111070956"
           "2"
           "807395290596775341",
           "mAVUSILp4Fr+PAc/qQUFA3l2uIiOwA2Gjlhd6nLQQ/2HyABWt",
           "UAVUSILp4Fr-PAc_qQUFA3l2uIiOwA2Gjlhd6nLQQ_2HyABWt",
           "v05ah485qf0bbv3o1pvl42ga0rpeqs8h3m01m38sm2tt9pd0gvtgv400llk",
           "hyfktref4xymm9dab39irnoky53q4hetdsybsdehsn77j3pyo97o9ryyiiw",
           "7002524221013517005537617003477522024050067456656104216600066064345"
           "413572471320207766076200012655",
           "BAFKREIF2PALL7DYBZ7VECQKA3ZO24IRDWABWDI4WC55JZNAQ75Q7EAAVVU",
       }) {
    EXPECT_THAT(Cid::parse(text), IsOkAnd(v1_of_abc())) << text;
  }
}

TEST(CidParse, EmptyTextIsInvalid) {
  EXPECT_THAT(Cid::parse(""), FailsWith(ErrorCode::kInvalidArgument));
}

TEST(CidParse, CutAtEveryCharacterIsInvalid) {
  for (const std::string_view text : {kV0Text, kV1Text}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_THAT(Cid::parse(text.substr(0, size)),
                  FailsWith(ErrorCode::kInvalidArgument))
          << size;
    }
  }
}

TEST(CidParse, VersionZeroWithAPrefixIsInvalid) {
  EXPECT_THAT(Cid::parse("z" + std::string(kV0Text)),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(CidParse, BytesAfterTheCidAreInvalid) {
  EXPECT_THAT(Cid::parse("f01550000ff"),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ReadCid, LeavesTheRest) {
  for (const Cid& cid : {v0_of_abc(), v1_of_abc()}) {
    Bytes input(cid.bytes().begin(), cid.bytes().end());
    input.push_back(std::byte{0x99});
    ByteView rest = input;
    EXPECT_THAT(read_cid(&rest), IsOkAnd(cid));
    EXPECT_THAT(rest, SizeIs(1));
  }
}

TEST(ReadCid, CutAtEveryByteIsCorruptAndConsumesNothing) {
  const Cid long_form =
      Cid::of(Codec::kDagJson, HashCode::kBlake2b256, {}).value();
  for (const Cid& cid : {v0_of_abc(), v1_of_abc(), long_form}) {
    for (std::size_t size = 0; size < cid.bytes().size(); ++size) {
      ByteView rest = cid.bytes().first(size);
      EXPECT_THAT(read_cid(&rest), FailsWith(ErrorCode::kCorrupt)) << size;
      EXPECT_THAT(rest, SizeIs(size));
    }
  }
}

TEST(ReadCid, OtherVersionsAreCorrupt) {
  for (const unsigned version : {0u, 2u, 3u, 0x12u}) {
    Bytes input = v1_bytes(0x55, 0x12, 32, 32);
    input[0] = static_cast<std::byte>(version);
    ByteView rest = input;
    EXPECT_THAT(read_cid(&rest), FailsWith(ErrorCode::kCorrupt)) << version;
  }
}

TEST(ReadCid, GreatestLengthIsCorrupt) {
  const Bytes input = v1_bytes(0x55, 0x12, ~std::uint64_t{0} >> 1, 64);
  ByteView rest = input;
  EXPECT_THAT(read_cid(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadCid, LongestIdentityIsReadAndOneMoreIsCorrupt) {
  constexpr std::size_t kHead = 5;  // Version, codec, code, two of length.
  const Bytes longest =
      v1_bytes(0x55, 0, kCidSizeMax - kHead, kCidSizeMax - kHead);
  ByteView rest = longest;
  const auto cid = read_cid(&rest);
  ASSERT_TRUE(cid.ok());
  EXPECT_THAT(Cid::parse(cid->to_string()), IsOkAnd(*cid));

  const Bytes longer =
      v1_bytes(0x55, 0, kCidSizeMax - kHead + 1, kCidSizeMax - kHead + 1);
  rest = longer;
  EXPECT_THAT(read_cid(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadCidView, LooksIntoTheInput) {
  const Cid cid = v1_of_abc();
  ByteView rest = cid.bytes();
  const auto view = read_cid_view(&rest);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->bytes.data(), cid.bytes().data());
  EXPECT_EQ(view->codec, Codec::kRaw);
  EXPECT_EQ(view->to_cid(), cid);
}

TEST(NameOfCodec, IsTheTablesName) {
  EXPECT_EQ(name_of(Codec::kDagPb), "dag-pb");
  EXPECT_EQ(name_of(static_cast<Codec>(0x9999)), "0x9999");
}

}  // namespace
}  // namespace dagfs::car
