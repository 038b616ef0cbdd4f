// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/file_commp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/payloads.h"
#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;

PieceCommitment commitment_of_bytes(const Bytes& bytes) {
  const auto commitment = commitment_of(MemoryFile(bytes), {});
  EXPECT_TRUE(commitment.ok());
  return commitment.ok() ? *commitment : PieceCommitment();
}

PieceSize piece_size_of(std::uint64_t padded) {
  return PieceSize::from_padded(PaddedSize(padded)).value();
}

// 1000 bytes of payload, which take 1024 padded.
class CheckCommitmentTest : public testing::Test {
 protected:
  const Bytes bytes_ = tests::counted(1000);
  const PieceCommitment found_ = commitment_of_bytes(bytes_);
};

TEST_F(CheckCommitmentTest, RootAloneIsEnough) {
  EXPECT_TRUE(check_commitment({.cid = {.root = found_.root}}, found_).ok());
}

TEST_F(CheckCommitmentTest, OtherBytesAreAnotherPiece) {
  Bytes other = bytes_;
  other[500] ^= std::byte{1};
  EXPECT_THAT(check_commitment({.cid = {.root = found_.root}},
                               commitment_of_bytes(other)),
              FailsWith(ErrorCode::kCorrupt));
}

TEST_F(CheckCommitmentTest, PieceMayBeLargerUnlessItsSizeIsKnown) {
  const PieceCid cid = {.root = grown_to(found_, piece_size_of(8192))->root};
  EXPECT_TRUE(check_commitment({.cid = cid}, found_).ok());
  EXPECT_TRUE(
      check_commitment({.cid = cid, .size = piece_size_of(8192)}, found_).ok());
  EXPECT_THAT(
      check_commitment({.cid = cid, .size = piece_size_of(4096)}, found_),
      FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(
      check_commitment({.cid = cid, .size = piece_size_of(512)}, found_),
      FailsWith(ErrorCode::kCorrupt));
}

TEST_F(CheckCommitmentTest, ZerosBehindThePayloadAreOfThePiece) {
  Bytes whole = bytes_;
  whole.resize(1016);
  const PieceCid cid = {.root = found_.root, .payload = UnpaddedSize(1000)};
  EXPECT_TRUE(check_commitment({.cid = cid}, commitment_of_bytes(whole)).ok());
  EXPECT_TRUE(check_commitment({.cid = cid}, found_).ok());
}

TEST_F(CheckCommitmentTest, PayloadOfAnotherSizeIsAnotherPiece) {
  const PieceCid cid = {.root = found_.root, .payload = UnpaddedSize(1001)};
  EXPECT_THAT(check_commitment({.cid = cid}, found_),
              FailsWith(ErrorCode::kCorrupt));
  const PieceCid larger = {.root = found_.root, .payload = UnpaddedSize(2000)};
  EXPECT_THAT(check_commitment({.cid = larger}, found_),
              FailsWith(ErrorCode::kCorrupt));
}

TEST_F(CheckCommitmentTest, SizesThatContradictEachOtherAreNoPiece) {
  const PieceCid cid = {.root = found_.root, .payload = UnpaddedSize(1000)};
  EXPECT_THAT(
      check_size({.cid = cid, .size = piece_size_of(4096)}, UnpaddedSize(1000)),
      FailsWith(ErrorCode::kCorrupt));
}

TEST(CommitmentOf, IsTheSameWithAnyNumberOfThreadsAndTellsProgress) {
  const Bytes bytes = tests::counted((std::size_t{65} << 20) + 1);
  std::vector<std::uint64_t> told;
  const auto one = commitment_of(MemoryFile(bytes), {.threads = 1});
  const auto three = commitment_of(
      MemoryFile(bytes), {.threads = 3, .progress = [&](std::uint64_t done) {
                            told.push_back(done);
                          }});
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(*one, *three);
  EXPECT_THAT(told, testing::ElementsAre(std::uint64_t{64} << 20));
}

TEST(CommitmentOf, EndsWhenItIsCancelled) {
  const std::atomic<bool> cancelled = true;
  EXPECT_THAT(commitment_of(MemoryFile(Bytes(10)), {.cancelled = &cancelled}),
              FailsWith(ErrorCode::kUnavailable));
}

}  // namespace
}  // namespace dagfs::mount
