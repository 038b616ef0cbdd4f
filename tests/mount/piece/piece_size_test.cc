// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/piece_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <concepts>
#include <limits>
#include <type_traits>

#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;

template <typename A, typename B>
concept Adds = requires(A a, B b) {
  a + b;
};
template <typename A, typename B>
concept Subtracts = requires(A a, B b) {
  a - b;
};
template <typename A, typename B>
concept Compares = requires(A a, B b) {
  a < b;
}
|| requires(A a, B b) { a == b; };

// Nothing that is counted in one way is taken for what is counted in another.
template <typename A, typename B>
constexpr bool kKeptApart =
    !std::is_constructible_v<A, B> && !std::is_constructible_v<B, A> &&
    !std::is_convertible_v<A, B> && !std::is_convertible_v<B, A> &&
    !std::is_assignable_v<A&, B> && !std::is_assignable_v<B&, A> &&
    !Compares<A, B>;

static_assert(kKeptApart<PaddedSize, UnpaddedSize>);
static_assert(kKeptApart<PaddedOffset, UnpaddedOffset>);
static_assert(kKeptApart<PaddedOffset, PaddedSize>);
static_assert(kKeptApart<UnpaddedOffset, UnpaddedSize>);
static_assert(kKeptApart<PaddedOffset, UnpaddedSize>);
static_assert(kKeptApart<UnpaddedOffset, PaddedSize>);
static_assert(kKeptApart<PieceSize, PaddedSize>);
static_assert(kKeptApart<PieceSize, UnpaddedSize>);

static_assert(!Adds<PaddedSize, UnpaddedSize>);
static_assert(!Adds<PaddedOffset, UnpaddedSize>);
static_assert(!Adds<UnpaddedOffset, PaddedSize>);
static_assert(!Adds<PaddedOffset, PaddedOffset>);
static_assert(!Subtracts<PaddedSize, UnpaddedSize>);
static_assert(!Subtracts<PaddedOffset, UnpaddedOffset>);
static_assert(Adds<PaddedSize, PaddedSize>);
static_assert(Adds<UnpaddedOffset, UnpaddedSize>);

// Numbers become sizes only where the code says which, and never by themselves
// the other way round.
static_assert(!std::is_convertible_v<std::uint64_t, PaddedSize>);
static_assert(!std::is_convertible_v<std::uint64_t, UnpaddedOffset>);
static_assert(!std::is_convertible_v<PaddedSize, std::uint64_t>);
static_assert(!std::is_constructible_v<PieceSize, std::uint64_t>);
static_assert(!Adds<PaddedSize, std::uint64_t>);

std::uint64_t held_by(std::uint64_t payload) {
  const auto size = PieceSize::holding(UnpaddedSize(payload));
  return size.ok() ? size->unpadded().bytes() : 0;
}

TEST(PieceSize, SmallestThatHoldsAPayload) {
  EXPECT_EQ(held_by(0), 127u);
  EXPECT_EQ(held_by(1), 127u);
  EXPECT_EQ(held_by(127), 127u);
  EXPECT_EQ(held_by(128), 254u);
  EXPECT_EQ(held_by(548), 1016u);
  EXPECT_EQ(held_by(1016), 1016u);
  EXPECT_EQ(held_by(1017), 2032u);
  EXPECT_EQ(held_by(2048), 4064u);
  EXPECT_EQ(held_by(1000000), 1040384u);
  EXPECT_EQ(held_by(34091302912), 34091302912u);
  EXPECT_EQ(held_by(34091302913), 68182605824u);
  EXPECT_EQ(held_by(68182605824), 68182605824u);
}

TEST(PieceSize, NoPieceHoldsMoreThan64GiB) {
  for (const std::uint64_t payload :
       {std::uint64_t{68182605825},
        std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_THAT(PieceSize::holding(UnpaddedSize(payload)),
                FailsWith(ErrorCode::kInvalidArgument));
  }
}

TEST(PieceSize, IsAPowerOfTwoFromOneQuadTo64GiB) {
  for (unsigned height = 2; height <= 31; ++height) {
    const std::uint64_t padded = std::uint64_t{32} << height;
    const auto size = PieceSize::from_padded(PaddedSize(padded));
    ASSERT_THAT(size, IsOkAnd(testing::_)) << padded;
    EXPECT_EQ(size->height(), height);
    EXPECT_EQ(size->padded(), PaddedSize(padded));
    EXPECT_EQ(size->unpadded(), UnpaddedSize(padded / 128 * 127));
    EXPECT_THAT(PieceSize::from_unpadded(size->unpadded()), IsOkAnd(*size));
    EXPECT_THAT(PieceSize::from_height(height), IsOkAnd(*size));
  }
  EXPECT_EQ(PieceSize::max().padded(), PaddedSize(68719476736));
  EXPECT_EQ(PieceSize().unpadded(), UnpaddedSize(127));
}

TEST(PieceSize, OtherSizesAreRefused) {
  for (const std::uint64_t padded :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{64},
        std::uint64_t{127}, std::uint64_t{129}, std::uint64_t{384},
        std::uint64_t{1} << 37, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_THAT(PieceSize::from_padded(PaddedSize(padded)),
                FailsWith(ErrorCode::kInvalidArgument))
        << padded;
  }
  for (const std::uint64_t unpadded :
       {std::uint64_t{0}, std::uint64_t{128}, std::uint64_t{381},
        std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_THAT(PieceSize::from_unpadded(UnpaddedSize(unpadded)),
                FailsWith(ErrorCode::kInvalidArgument))
        << unpadded;
  }
  for (const unsigned height : {0u, 1u, 32u, 64u, ~0u}) {
    EXPECT_THAT(PieceSize::from_height(height),
                FailsWith(ErrorCode::kInvalidArgument))
        << height;
  }
}

TEST(Conversion, WholeQuadsGoBothWays) {
  for (const std::uint64_t quads :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3},
        std::uint64_t{1} << 29, (std::uint64_t{1} << 57) - 1}) {
    const UnpaddedSize unpadded(quads * 127);
    const PaddedSize padded(quads * 128);
    EXPECT_THAT(to_padded(unpadded), IsOkAnd(padded));
    EXPECT_THAT(to_unpadded(padded), IsOkAnd(unpadded));
    EXPECT_THAT(to_padded(UnpaddedOffset(unpadded.bytes())),
                IsOkAnd(PaddedOffset(padded.bytes())));
    EXPECT_THAT(to_unpadded(PaddedOffset(padded.bytes())),
                IsOkAnd(UnpaddedOffset(unpadded.bytes())));
  }
}

TEST(Conversion, PartOfAQuadIsRefused) {
  for (const std::uint64_t more : {1U, 63U, 126U}) {
    EXPECT_THAT(to_padded(UnpaddedSize(127 * 5 + more)),
                FailsWith(ErrorCode::kInvalidArgument));
    EXPECT_THAT(to_unpadded(PaddedOffset(128 * 5 + more)),
                FailsWith(ErrorCode::kInvalidArgument));
  }
}

TEST(Conversion, WhatWouldWrapIsRefused) {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(to_padded(UnpaddedSize(most / 127 * 127)),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(QuadsOf, CountsThoseBegun) {
  EXPECT_EQ(quads_of(UnpaddedSize(0)), 0u);
  EXPECT_EQ(quads_of(UnpaddedSize(1)), 1u);
  EXPECT_EQ(quads_of(UnpaddedSize(127)), 1u);
  EXPECT_EQ(quads_of(UnpaddedSize(128)), 2u);
  EXPECT_EQ(quads_of(UnpaddedSize(~std::uint64_t{0})),
            145249953336295683u);  // No overflow on the way.
}

}  // namespace
}  // namespace dagfs::mount
