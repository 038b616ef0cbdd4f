// SPDX-License-Identifier: Apache-2.0 OR MIT

// Sizes of pieces, counted before and after fr32 padding. The two look alike
// and differ by less than a hundredth, which is why they are types here that
// do not mix. docs/formats/piece.md

#pragma once

#include <compare>
#include <cstdint>

#include "car/base/result.h"

namespace dagfs::mount {

// A quad is what padding works on: 127 bytes become 128, and nothing crosses
// its border.
inline constexpr std::uint64_t kQuadUnpadded = 127;
inline constexpr std::uint64_t kQuadPadded = 128;
inline constexpr std::uint64_t kTreeNodeSize = 32;  // A quad is four leaves.

// A count of bytes of one kind. Made from a number only explicitly; added and
// subtracted only within its kind, where the caller sees to it that nothing
// wraps (counts up to 2^62 cannot).
template <typename Kind>
class ByteCount {
 public:
  constexpr ByteCount() = default;
  constexpr explicit ByteCount(std::uint64_t bytes) : bytes_(bytes) {}

  constexpr std::uint64_t bytes() const { return bytes_; }

  friend constexpr ByteCount operator+(ByteCount a, ByteCount b) {
    return ByteCount(a.bytes_ + b.bytes_);
  }
  friend constexpr ByteCount operator-(ByteCount a, ByteCount b) {
    return ByteCount(a.bytes_ - b.bytes_);
  }
  friend constexpr auto operator<=>(ByteCount, ByteCount) = default;

 private:
  std::uint64_t bytes_ = 0;
};

// As the payload has them: a CAR and the zeros behind it.
using UnpaddedSize = ByteCount<struct UnpaddedSizeKind>;
// As a sector has them: two zero bits after each 254.
using PaddedSize = ByteCount<struct PaddedSizeKind>;

// Where something begins in a stream of either kind. Offsets are not added;
// a size leads from one to the next.
template <typename Size>
class OffsetOf {
 public:
  constexpr OffsetOf() = default;
  constexpr explicit OffsetOf(std::uint64_t bytes) : bytes_(bytes) {}

  constexpr std::uint64_t bytes() const { return bytes_; }

  friend constexpr OffsetOf operator+(OffsetOf from, Size size) {
    return OffsetOf(from.bytes_ + size.bytes());
  }
  friend constexpr Size operator-(OffsetOf to, OffsetOf from) {
    return Size(to.bytes_ - from.bytes_);
  }
  friend constexpr auto operator<=>(OffsetOf, OffsetOf) = default;

 private:
  std::uint64_t bytes_ = 0;
};

using UnpaddedOffset = OffsetOf<UnpaddedSize>;
using PaddedOffset = OffsetOf<PaddedSize>;

// What whole quads become. kInvalidArgument: not a multiple of 127 or of 128,
// or more than 64 bits hold.
Result<PaddedSize> to_padded(UnpaddedSize size);
Result<UnpaddedSize> to_unpadded(PaddedSize size);
Result<PaddedOffset> to_padded(UnpaddedOffset offset);
Result<UnpaddedOffset> to_unpadded(PaddedOffset offset);

// Whole quads that hold `bytes` of payload, of which the last may be filled up
// with zeros.
constexpr std::uint64_t quads_of(UnpaddedSize size) {
  return size.bytes() / kQuadUnpadded + (size.bytes() % kQuadUnpadded != 0);
}

// The size of a whole piece: a power of two when padded.
class PieceSize {
 public:
  static constexpr unsigned kHeightMin = 2;
  static constexpr unsigned kHeightMax = 31;  // 64 GiB, the largest sector.

  // The smallest: one quad.
  constexpr PieceSize() = default;
  static constexpr PieceSize max() { return PieceSize(kHeightMax); }

  // kInvalidArgument: not the size of a piece.
  static Result<PieceSize> from_padded(PaddedSize size);
  static Result<PieceSize> from_unpadded(UnpaddedSize size);
  // Of a tree with 2^height leaves.
  static Result<PieceSize> from_height(unsigned height);

  // The smallest that holds the payload; even no byte at all takes one quad.
  // kInvalidArgument: more than a piece can hold.
  static Result<PieceSize> holding(UnpaddedSize payload);

  constexpr PaddedSize padded() const {
    return PaddedSize(kTreeNodeSize << height_);
  }
  constexpr UnpaddedSize unpadded() const {
    return UnpaddedSize(padded().bytes() / kQuadPadded * kQuadUnpadded);
  }
  // Of the tree of hashes above the leaves: 2 for one quad.
  constexpr unsigned height() const { return height_; }

  friend constexpr auto operator<=>(PieceSize, PieceSize) = default;

 private:
  constexpr explicit PieceSize(unsigned height) : height_(height) {}

  unsigned height_ = kHeightMin;
};

}  // namespace dagfs::mount
