// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/commp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>

#include "mount/piece/piece_cid.h"
#include "tests/support/commp_vectors.h"
#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using tests::counted;
using tests::FailsWith;
using tests::IsOkAnd;
using tests::pseudo_random;

constexpr std::size_t kChunk = QuadHasher::kChunkSize;

// Appends `payload` in portions of `size` bytes.
Result<PieceCommitment> commitment_of(ByteView payload, std::size_t size) {
  PieceHasher hasher;
  while (!payload.empty()) {
    const std::size_t taken = std::min(size, payload.size());
    hasher.append(payload.first(taken));
    payload = payload.subspan(taken);
  }
  return hasher.finish();
}

Result<PieceCommitment> commitment_of(ByteView payload) {
  return commitment_of(payload, payload.size());
}

std::string v1_in(const PieceCommitment& commitment, std::uint64_t padded) {
  const auto size = PieceSize::from_padded(PaddedSize(padded));
  const auto grown = grown_to(commitment, size.value());
  return grown.ok() ? piece_cid_v1(grown->root).to_string()
                    : grown.error().message();
}

TEST(PieceHasher, KnownPayloads) {
  for (const tests::CommpVector& vector : tests::commp_vectors()) {
    const auto commitment = commitment_of(vector.payload);
    ASSERT_THAT(commitment, IsOkAnd(testing::_));
    EXPECT_EQ(piece_cid_v1(commitment->root).to_string(), vector.v1);
    EXPECT_EQ(commitment->piece.padded(), PaddedSize(vector.padded_size));
    EXPECT_EQ(commitment->payload, UnpaddedSize(vector.payload.size()));
    if (vector.v2 != nullptr) {
      EXPECT_EQ(piece_cid_v2(*commitment)->to_string(), vector.v2);
    }
  }
}

TEST(PieceHasher, NothingIsAQuadOfZeros) {
  const auto commitment = PieceHasher().finish();
  ASSERT_THAT(commitment, IsOkAnd(testing::_));
  EXPECT_EQ(commitment->root, zero_node(2));
  EXPECT_EQ(commitment->piece, PieceSize());
  EXPECT_EQ(piece_cid_v2(*commitment)->to_string(),
            "bafkzcibcp4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy");
}

TEST(PieceHasher, PortionsMakeNoDifference) {
  const Bytes payload = pseudo_random(3 * kChunk + 1000, 1);
  const auto expected = commitment_of(payload);
  for (const std::size_t portion :
       {std::size_t{1}, std::size_t{127}, std::size_t{4096}, kChunk - 1, kChunk,
        kChunk + 1, 2 * kChunk + 5}) {
    EXPECT_THAT(commitment_of(payload, portion), IsOkAnd(*expected)) << portion;
  }
}

// Zeros at the end are what a payload is filled up with anyway.
TEST(PieceHasher, LengthsAroundEveryBorderAreThoseOfAFilledUpPiece) {
  for (const std::size_t border :
       {kChunk, 2 * kChunk, 3 * kChunk, 4 * kChunk}) {
    for (const std::size_t size : {border - 1, border, border + 1}) {
      const Bytes payload = pseudo_random(size, size);
      const auto commitment = commitment_of(payload);
      ASSERT_THAT(commitment, IsOkAnd(testing::_));
      Bytes filled = payload;
      filled.resize(commitment->piece.unpadded().bytes());
      EXPECT_EQ(commitment_of(filled)->root, commitment->root) << size;
    }
  }
}

TEST(PieceHasher, MoreThanAnyPieceHoldsIsRefused) {
  const std::size_t size = PieceSize::max().unpadded().bytes() + 1;
  void* const pages =
      ::mmap(nullptr, size, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) GTEST_SKIP() << "no 64 GiB of address space";

  PieceHasher hasher;
  hasher.append({static_cast<const std::byte*>(pages), size});
  hasher.append(counted(1));

  EXPECT_THAT(hasher.finish(), FailsWith(ErrorCode::kInvalidArgument));
  ::munmap(pages, size);
}

TEST(GrownTo, IsTheCommitmentWithZerosBehind) {
  const auto commitment = commitment_of(counted(std::size_t{1} << 20));
  ASSERT_THAT(commitment, IsOkAnd(testing::_));
  EXPECT_EQ(v1_in(*commitment, std::uint64_t{4} << 20),
            "baga6ea4seaqfaaejjnx5my3gvraceob3x5n23eitaylbicqf4xoonnkp6edvwjq");
  EXPECT_EQ(v1_in(*commitment, std::uint64_t{32} << 30),
            "baga6ea4seaqkizy2owecnlenlmqdk5fjrij2shv2pwth4zaygrbeyioh4wl4gby");
  EXPECT_THAT(grown_to(*commitment, commitment->piece), IsOkAnd(*commitment));
}

TEST(GrownTo, SmallerIsRefused) {
  const auto commitment = commitment_of(counted(1000));
  EXPECT_THAT(grown_to(*commitment, PieceSize()),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(PatchedPiece, IsThatOfThePatchedPayload) {
  for (const std::size_t size : {std::size_t{200}, kChunk, kChunk + 1,
                                 2 * kChunk, 5 * kChunk + 77, 70 * kChunk}) {
    Bytes payload = pseudo_random(size, 2);
    PieceHasher hasher;
    hasher.append(payload);
    const Bytes patch = counted(100);
    EXPECT_THAT(hasher.patch(UnpaddedOffset(51), patch), IsOkAnd(testing::_));
    std::ranges::copy(patch, &payload[51]);
    EXPECT_THAT(hasher.finish(), IsOkAnd(*commitment_of(payload))) << size;
  }
}

TEST(PatchedPiece, AnyFrontMayBePatched) {
  for (const std::size_t front : {std::size_t{1}, kChunk + 1, 3 * kChunk}) {
    Bytes payload = pseudo_random(9 * kChunk, 3);
    PieceHasher hasher{UnpaddedSize(front)};
    ASSERT_GE(hasher.patchable(), UnpaddedSize(front));
    hasher.append(payload);
    const std::size_t last = hasher.patchable().bytes() - 1;
    EXPECT_THAT(hasher.patch(UnpaddedOffset(last), counted(1)),
                IsOkAnd(testing::_));
    payload[last] = std::byte{0};
    EXPECT_THAT(hasher.finish(), IsOkAnd(*commitment_of(payload))) << front;
  }
}

TEST(PatchedPiece, PastTheFrontOrPastTheEndIsRefused) {
  PieceHasher hasher;
  hasher.append(counted(1000));
  EXPECT_THAT(hasher.patch(UnpaddedOffset(1000), counted(1)),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(hasher.patch(UnpaddedOffset(~std::uint64_t{0}), counted(2)),
              FailsWith(ErrorCode::kInvalidArgument));
  hasher.append(counted(3 * kChunk));
  const UnpaddedOffset last(hasher.patchable().bytes() - 1);
  EXPECT_THAT(hasher.patch(last, counted(1)), IsOkAnd(testing::_));
  EXPECT_THAT(hasher.patch(last, counted(2)),
              FailsWith(ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace dagfs::mount
