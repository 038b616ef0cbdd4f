// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/multihash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "car/ipld/varint.h"
#include "car/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::Eq;
using testing::IsEmpty;
using testing::SizeIs;
using tests::bytes;
using tests::FailsWith;
using tests::IsOkAnd;

std::string hex_digest(HashCode code, std::string_view text) {
  const auto digest = hash_bytes(code, as_bytes(text));
  return digest.ok() ? to_hex(digest.value()) : digest.error().message();
}

Bytes encoded(std::uint64_t code, std::uint64_t size, ByteView digest) {
  Bytes out;
  append_varint(code, &out);
  append_varint(size, &out);
  out.insert(out.end(), digest.begin(), digest.end());
  return out;
}

TEST(ReadMultihash, ReadsOneAndLeavesTheRest) {
  const Bytes input = bytes({0x11, 0x02, 0xaa, 0xbb, 0xcc});
  ByteView rest = input;

  const auto multihash = read_multihash(&rest);

  ASSERT_THAT(multihash, IsOkAnd(testing::_));
  EXPECT_EQ(multihash->code, HashCode::kSha1);
  EXPECT_EQ(to_hex(multihash->digest), "aabb");
  EXPECT_THAT(rest, SizeIs(1));
}

TEST(ReadMultihash, EmptyInputIsCorrupt) {
  ByteView rest;
  EXPECT_THAT(read_multihash(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadMultihash, CutAtEveryByteIsCorruptAndConsumesNothing) {
  const Bytes input = encoded(0xb220, 32, Bytes(32));
  for (std::size_t size = 0; size < input.size(); ++size) {
    ByteView rest = ByteView(input).first(size);
    EXPECT_THAT(read_multihash(&rest), FailsWith(ErrorCode::kCorrupt)) << size;
    EXPECT_THAT(rest, SizeIs(size));
  }
}

TEST(ReadMultihash, GreatestLengthIsCorrupt) {
  const Bytes input = encoded(0x12, ~std::uint64_t{0} >> 1, Bytes(32));
  ByteView rest = input;
  EXPECT_THAT(read_multihash(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadMultihash, DigestLongerThanACidIsCorrupt) {
  const Bytes input = encoded(0, kCidSizeMax + 1, Bytes(kCidSizeMax + 1));
  ByteView rest = input;
  EXPECT_THAT(read_multihash(&rest), FailsWith(ErrorCode::kCorrupt));
}

TEST(HashBytes, GivesThePublishedDigestOfAbc) {
  using enum HashCode;
  EXPECT_EQ(hex_digest(kIdentity, "abc"), "616263");
  EXPECT_EQ(hex_digest(kMd5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex_digest(kSha1, "abc"),
            "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex_digest(kSha2_224, "abc"),
            "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  EXPECT_EQ(hex_digest(kSha2_256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_digest(kDblSha2_256, "abc"),
            "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358");
  EXPECT_EQ(hex_digest(kSha3_256, "abc"),
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  EXPECT_EQ(hex_digest(kKeccak256, "abc"),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
  EXPECT_EQ(hex_digest(kKeccak224, "abc"),
            "c30411768506ebe1c2871b1ee2e87d38df342317300a9b97a95ec6a8");
  EXPECT_EQ(hex_digest(kBlake2b256, "abc"),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(hex_digest(kBlake2s256, "abc"),
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  EXPECT_EQ(hex_digest(kBlake3, "abc"),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
}

TEST(HashBytes, GivesEachFunctionItsOwnLength) {
  using enum HashCode;
  const auto size = [](HashCode code) {
    return hex_digest(code, "").size() / 2;
  };
  EXPECT_EQ(size(kSha2_384), 48u);
  EXPECT_EQ(size(kSha2_512), 64u);
  EXPECT_EQ(size(kSha3_224), 28u);
  EXPECT_EQ(size(kSha3_384), 48u);
  EXPECT_EQ(size(kSha3_512), 64u);
  EXPECT_EQ(size(kKeccak384), 48u);
  EXPECT_EQ(size(kKeccak512), 64u);
  EXPECT_EQ(size(kShake128), 32u);
  EXPECT_EQ(size(kShake256), 64u);
}

TEST(HashBytes, Blake2LengthIsAParameterAndNotACut) {
  const auto b8 = static_cast<HashCode>(0xb201);
  const auto b120 = static_cast<HashCode>(0xb20f);
  const auto b128 = static_cast<HashCode>(0xb210);
  const auto s128 = static_cast<HashCode>(0xb250);
  EXPECT_EQ(hex_digest(b8, "abc"), "6b");
  EXPECT_EQ(hex_digest(b120, "abc"), "cb322ea749b92c9a46ca598e516025");
  EXPECT_EQ(hex_digest(b128, "abc"), "cf4ab791c62b8d2b2109c90275287816");
  EXPECT_EQ(hex_digest(s128, "abc"), "aa4938119b1dc7b87cbad0ffd200d0ae");
  EXPECT_EQ(hex_digest(HashCode::kBlake2bMax, "abc").substr(0, 16),
            "ba80a53f981c4d0d");
}

TEST(HashBytes, FunctionThatIsNotKnownIsUnsupported) {
  EXPECT_THAT(hash_bytes(static_cast<HashCode>(0x9999), {}),
              FailsWith(ErrorCode::kUnsupported));
}

TEST(HashBytes, EveryFunctionThatCanVerifyHashes) {
  std::vector<std::uint64_t> codes = {0x00, 0xd5, 0x56, 0x1013};
  for (std::uint64_t code = 0x11; code <= 0x20; ++code) codes.push_back(code);
  for (std::uint64_t code = 0xb1f0; code <= 0xb270; ++code) {
    codes.push_back(code);
  }
  for (const std::uint64_t number : codes) {
    const auto code = static_cast<HashCode>(number);
    EXPECT_EQ(hash_bytes(code, as_bytes("abc")).ok(), can_verify(code))
        << name_of(code);
  }
}

TEST(VerifyBytes, MatchingDigestIsFine) {
  const Bytes digest = hash_bytes(HashCode::kSha2_256, as_bytes("abc")).value();
  const Multihash multihash{HashCode::kSha2_256, digest};
  EXPECT_TRUE(verify_bytes(multihash, as_bytes("abc")).ok());
  EXPECT_THAT(verify_bytes(multihash, as_bytes("abd")),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(VerifyBytes, TruncatedDigestMustMatchAsFarAsItGoes) {
  const Bytes digest = hash_bytes(HashCode::kSha2_512, as_bytes("abc")).value();
  for (std::size_t size = 1; size < digest.size(); ++size) {
    const Multihash cut{HashCode::kSha2_512, ByteView(digest).first(size)};
    EXPECT_TRUE(verify_bytes(cut, as_bytes("abc")).ok()) << size;
    EXPECT_THAT(verify_bytes(cut, as_bytes("xyz")),
                FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(VerifyBytes, EmptyDigestMatchesNothing) {
  EXPECT_THAT(verify_bytes({HashCode::kSha2_256, {}}, {}),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(VerifyBytes, DigestLongerThanTheFunctionGivesMatchesNothing) {
  Bytes digest = hash_bytes(HashCode::kSha2_256, as_bytes("abc")).value();
  digest.push_back(std::byte{0});
  EXPECT_THAT(verify_bytes({HashCode::kSha2_256, digest}, as_bytes("abc")),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(VerifyBytes, IdentityIsTheBytesThemselves) {
  EXPECT_TRUE(
      verify_bytes({HashCode::kIdentity, as_bytes("abc")}, as_bytes("abc"))
          .ok());
  EXPECT_TRUE(verify_bytes({HashCode::kIdentity, {}}, {}).ok());
  EXPECT_THAT(
      verify_bytes({HashCode::kIdentity, as_bytes("ab")}, as_bytes("abc")),
      FailsWith(ErrorCode::kCorrupt));
}

TEST(VerifyBytes, FunctionThatIsNotKnownIsUnsupportedNotPassed) {
  const Multihash multihash{static_cast<HashCode>(0xb401), as_bytes("abc")};
  EXPECT_THAT(verify_bytes(multihash, {}), FailsWith(ErrorCode::kUnsupported));
}

TEST(VerifyMany, EachHasItsOwnResult) {
  const Bytes one = hash_bytes(HashCode::kSha2_256, as_bytes("one")).value();
  const Bytes two = hash_bytes(HashCode::kSha3_256, as_bytes("two")).value();
  const Multihash first{HashCode::kSha2_256, one};
  const Multihash second{HashCode::kSha3_256, two};
  const Multihash cut{HashCode::kSha2_256, ByteView(one).first(8)};
  const Multihash empty{HashCode::kSha2_256, {}};
  const HashedBytes blocks[] = {{first, as_bytes("one")},
                                {second, as_bytes("two")},
                                {first, as_bytes("two")},
                                {cut, as_bytes("one")},
                                {second, as_bytes("one")},
                                {empty, as_bytes("one")},
                                {{static_cast<HashCode>(0xb401), one}, {}}};

  const std::vector<Status> verdicts = verify_many(blocks);

  ASSERT_EQ(verdicts.size(), std::size(blocks));
  EXPECT_TRUE(verdicts[0].ok());
  EXPECT_TRUE(verdicts[1].ok());
  EXPECT_THAT(verdicts[2], FailsWith(ErrorCode::kCorrupt));
  EXPECT_TRUE(verdicts[3].ok());
  EXPECT_THAT(verdicts[4], FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(verdicts[5], FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(verdicts[6], FailsWith(ErrorCode::kUnsupported));
}

TEST(VerifyMany, NoneAtAllIsFine) { EXPECT_TRUE(verify_many({}).empty()); }

TEST(VerifyMany, AgreesWithOneForManyMoreThanThereAreLanes) {
  std::vector<Bytes> bytes;
  std::vector<Bytes> digests;
  for (std::size_t i = 0; i < 100; ++i) {
    bytes.emplace_back(i * 97, static_cast<std::byte>(i));
    digests.push_back(hash_bytes(HashCode::kSha2_256, bytes.back()).value());
  }
  digests[41].back() ^= std::byte{1};
  std::vector<HashedBytes> blocks;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    blocks.push_back({{HashCode::kSha2_256, digests[i]}, bytes[i]});
  }

  const std::vector<Status> verdicts = verify_many(blocks);

  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(verdicts[i].ok(), i != 41) << i;
  }
}

TEST(NameOfHashCode, IsTheTablesName) {
  EXPECT_EQ(name_of(HashCode::kSha2_256), "sha2-256");
  EXPECT_EQ(name_of(HashCode::kBlake2bMin), "blake2b-8");
  EXPECT_EQ(name_of(HashCode::kBlake2bMax), "blake2b-512");
  EXPECT_EQ(name_of(HashCode::kBlake2sMin), "blake2s-8");
  EXPECT_EQ(name_of(HashCode::kBlake2s256), "blake2s-256");
  EXPECT_EQ(name_of(static_cast<HashCode>(0xb261)), "0xb261");
}

TEST(Multihash, IsTheSameWhenCodeAndDigestAre) {
  const Multihash a{HashCode::kSha1, as_bytes("x")};
  EXPECT_TRUE(a == (Multihash{HashCode::kSha1, as_bytes("x")}));
  EXPECT_FALSE(a == (Multihash{HashCode::kSha1, as_bytes("xy")}));
  EXPECT_FALSE(a == (Multihash{HashCode::kMd5, as_bytes("x")}));
}

}  // namespace
}  // namespace dagfs::car
