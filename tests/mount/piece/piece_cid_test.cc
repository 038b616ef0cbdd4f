// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/piece_cid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "car/ipld/varint.h"
#include "tests/support/commp_vectors.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using car::Cid;
using car::Codec;
using car::HashCode;
using tests::FailsWith;
using tests::IsOkAnd;

constexpr auto kPaddedTree = static_cast<HashCode>(0x1011);

// FRC-0069's examples: one payload, and its CIDs of both versions.
constexpr const char* kV1 =
    "baga6ea4seaqn42av3szurbbscwuu3zjssvfwbpsvbjf6y3tukvlgl2nf5rha6pa";
constexpr const char* kV2 =
    "bafkzcibd7abqlxticxolgseegik2stpfgkkuwyf6kufex3doorkvmzpjuxwe4dz4";
constexpr const char* kRoot =
    "de6815dcb348843215a94de532954b60be550a4bec6e74555665e9a5ec4e0f3c";
constexpr UnpaddedSize kPayload(512);

TreeNode root() {
  TreeNode node = {};
  std::ranges::copy(tests::from_hex(kRoot), node.begin());
  return node;
}

Cid cid(const char* text) { return Cid::parse(text).value(); }

// A version 2 of any digest, right or not.
Cid v2_of(std::uint64_t padding, unsigned height, ByteView node) {
  Bytes digest;
  car::append_varint(padding, &digest);
  digest.push_back(static_cast<std::byte>(height));
  digest.insert(digest.end(), node.begin(), node.end());
  return Cid::v1(Codec::kRaw, {kPaddedTree, digest});
}

TEST(PieceCid, BothVersionsAreReadAndWritten) {
  const PieceCid v1{.root = root(), .payload = std::nullopt};
  const PieceCid v2{.root = root(), .payload = kPayload};
  EXPECT_THAT(parse_piece_cid(cid(kV1)), IsOkAnd(v1));
  EXPECT_THAT(parse_piece_cid(cid(kV2)), IsOkAnd(v2));
  EXPECT_EQ(piece_cid_v1(root()).to_string(), kV1);
  EXPECT_THAT(piece_cid_v2({.root = root(),
                            .payload = kPayload,
                            .piece = PieceSize::holding(kPayload).value()}),
              IsOkAnd(cid(kV2)));
}

TEST(PieceCid, EachVersionIsMadeOfTheOther) {
  EXPECT_THAT(to_piece_cid_v1(cid(kV2)), IsOkAnd(cid(kV1)));
  EXPECT_THAT(to_piece_cid_v1(cid(kV1)), IsOkAnd(cid(kV1)));
  EXPECT_THAT(to_piece_cid_v2(cid(kV1), kPayload), IsOkAnd(cid(kV2)));
  EXPECT_THAT(to_piece_cid_v2(cid(kV2), kPayload), IsOkAnd(cid(kV2)));
  for (const tests::CommpVector& vector : tests::commp_vectors()) {
    if (vector.v2 == nullptr) continue;
    EXPECT_THAT(to_piece_cid_v1(cid(vector.v2)), IsOkAnd(cid(vector.v1)));
    EXPECT_THAT(
        to_piece_cid_v2(cid(vector.v1), UnpaddedSize(vector.payload.size())),
        IsOkAnd(cid(vector.v2)));
  }
}

TEST(PieceCid, WholeSectorsOfZeros) {
  EXPECT_THAT(
      to_piece_cid_v2(cid("baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyq"
                          "w4ynr3d2y6x2mpq"),
                      UnpaddedSize(34091302912)),
      IsOkAnd(cid("bafkzcibcaapao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x"
                  "2mpq")));
  EXPECT_THAT(
      to_piece_cid_v2(cid("baga6ea4seaqomqafu276g53zko4k23xzh4h4uecjwicbmvhsuq"
                          "i7o4bhthhm4aq"),
                      PieceSize::max().unpadded()),
      IsOkAnd(cid("bafkzcibcaap6mqafu276g53zko4k23xzh4h4uecjwicbmvhsuqi7o4bhthh"
                  "m4aq")));
}

TEST(PieceCid, AnotherSizeThanVersion2SaysIsRefused) {
  EXPECT_THAT(to_piece_cid_v2(cid(kV2), UnpaddedSize(513)),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(PieceCid, NoVersion2OfALargerPieceThanThePayloadAsksFor) {
  PieceCommitment grown{.root = root(),
                        .payload = kPayload,
                        .piece = PieceSize::from_height(8).value()};
  EXPECT_THAT(piece_cid_v2(grown), FailsWith(ErrorCode::kInvalidArgument));

  grown.payload = grown.piece.unpadded();
  EXPECT_THAT(piece_cid_v2(grown), IsOkAnd(v2_of(0, 8, root())));
}

TEST(PieceCid, NoVersion2OfMoreThanAnyPieceHolds) {
  EXPECT_THAT(
      to_piece_cid_v2(cid(kV1), PieceSize::max().unpadded() + UnpaddedSize(1)),
      FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ParsePieceCid, OtherCidsAreRefused) {
  const Cid block =
      Cid::of(Codec::kRaw, HashCode::kSha2_256, as_bytes("abc")).value();
  EXPECT_THAT(parse_piece_cid(block), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(parse_piece_cid(Cid()), FailsWith(ErrorCode::kInvalidArgument));
  // A sealed commitment, and each part of a piece's CID with another one.
  const Cid whole = cid(kV1);
  const car::Multihash v1 = whole.multihash();
  for (const Cid& wrong : {Cid::v1(static_cast<Codec>(0xf102),
                                   {static_cast<HashCode>(0xb401), v1.digest}),
                           Cid::v1(Codec::kRaw, v1),
                           Cid::v1(whole.codec(), {kPaddedTree, v1.digest}),
                           Cid::v1(Codec::kDagPb, cid(kV2).multihash())}) {
    EXPECT_THAT(parse_piece_cid(wrong), FailsWith(ErrorCode::kInvalidArgument));
    EXPECT_THAT(to_piece_cid_v1(wrong), FailsWith(ErrorCode::kInvalidArgument));
    EXPECT_THAT(to_piece_cid_v2(wrong, kPayload),
                FailsWith(ErrorCode::kInvalidArgument));
  }
}

TEST(ParsePieceCid, DigestCutAtEveryByteIsRefused) {
  for (const char* const text : {kV1, kV2}) {
    const Cid whole = cid(text);
    const car::Multihash hash = whole.multihash();
    for (std::size_t size = 0; size < hash.digest.size(); ++size) {
      const Cid cut =
          Cid::v1(whole.codec(), {hash.code, hash.digest.first(size)});
      EXPECT_THAT(parse_piece_cid(cut), FailsWith(ErrorCode::kInvalidArgument))
          << size;
    }
    Bytes longer(hash.digest.begin(), hash.digest.end());
    longer.push_back(std::byte{0});
    EXPECT_THAT(parse_piece_cid(Cid::v1(whole.codec(), {hash.code, longer})),
                FailsWith(ErrorCode::kInvalidArgument));
  }
}

TEST(ParsePieceCid, SizesThatContradictEachOtherAreRefused) {
  const std::uint64_t most = (std::uint64_t{1} << 63) - 1;
  for (const Cid& wrong :
       {v2_of(0, 0, root()), v2_of(0, 1, root()), v2_of(0, 32, root()),
        v2_of(0, 255, root()), v2_of(128, 2, root()), v2_of(most, 2, root()),
        v2_of(most, 31, root()),
        // 127 bytes need no more than one quad.
        v2_of(127, 3, root()), v2_of(254, 3, root()), v2_of(508, 5, root())}) {
    EXPECT_THAT(parse_piece_cid(wrong), FailsWith(ErrorCode::kInvalidArgument))
        << wrong.to_string();
  }
}

TEST(ParsePieceCid, PaddingAtItsLimits) {
  const auto payload = [](const Cid& piece) {
    const auto parsed = parse_piece_cid(piece);
    return parsed.ok() ? parsed->payload : std::nullopt;
  };
  EXPECT_EQ(payload(v2_of(127, 2, root())), UnpaddedSize(0));
  EXPECT_EQ(payload(v2_of(0, 2, root())), UnpaddedSize(127));
  EXPECT_EQ(payload(v2_of(126, 3, root())), UnpaddedSize(128));
  EXPECT_EQ(payload(v2_of(0, 31, root())), PieceSize::max().unpadded());
}

}  // namespace
}  // namespace dagfs::mount
