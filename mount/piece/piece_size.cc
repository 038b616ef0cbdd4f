// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/piece_size.h"

#include <fmt/core.h>

#include <bit>

#include "car/base/checked.h"

namespace dagfs::mount {
namespace {

// `bytes` in whole units of `from`, each of which becomes one of `to`.
Result<std::uint64_t> convert_quads(std::uint64_t bytes, std::uint64_t from,
                                    std::uint64_t to) {
  if (bytes % from != 0) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} bytes are not a multiple of {}", bytes, from));
  }
  const auto converted = checked_multiply(bytes / from, to);
  if (!converted) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} bytes are too many to be padded", bytes));
  }
  return *converted;
}

Result<std::uint64_t> padded_bytes(std::uint64_t bytes) {
  return convert_quads(bytes, kQuadUnpadded, kQuadPadded);
}

Result<std::uint64_t> unpadded_bytes(std::uint64_t bytes) {
  return convert_quads(bytes, kQuadPadded, kQuadUnpadded);
}

}  // namespace

Result<PaddedSize> to_padded(UnpaddedSize size) {
  return PaddedSize(DAGFS_TRY(padded_bytes(size.bytes())));
}

Result<UnpaddedSize> to_unpadded(PaddedSize size) {
  return UnpaddedSize(DAGFS_TRY(unpadded_bytes(size.bytes())));
}

Result<PaddedOffset> to_padded(UnpaddedOffset offset) {
  return PaddedOffset(DAGFS_TRY(padded_bytes(offset.bytes())));
}

Result<UnpaddedOffset> to_unpadded(PaddedOffset offset) {
  return UnpaddedOffset(DAGFS_TRY(unpadded_bytes(offset.bytes())));
}

Result<PieceSize> PieceSize::from_padded(PaddedSize size) {
  const std::uint64_t bytes = size.bytes();
  if (!std::has_single_bit(bytes) || bytes < kQuadPadded ||
      bytes > max().padded().bytes()) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("padded piece of {} bytes, not a power of two from "
                    "{} to {}",
                    bytes, kQuadPadded, max().padded().bytes()));
  }
  return PieceSize(
      static_cast<unsigned>(std::countr_zero(bytes / kTreeNodeSize)));
}

Result<PieceSize> PieceSize::from_unpadded(UnpaddedSize size) {
  const PaddedSize padded =
      DAGFS_TRY_CONTEXT(to_padded(size), "unpadded size of a piece");
  return from_padded(padded);
}

Result<PieceSize> PieceSize::from_height(unsigned height) {
  if (height < kHeightMin || height > kHeightMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("piece of height {}, not from {} to {}", height,
                             kHeightMin, kHeightMax));
  }
  return PieceSize(height);
}

Result<PieceSize> PieceSize::holding(UnpaddedSize payload) {
  if (payload > max().unpadded()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("payload of {} bytes, a piece holds at most {}",
                             payload.bytes(), max().unpadded().bytes()));
  }
  // The smallest power of two of no quads is one as well.
  return from_padded(
      PaddedSize(std::bit_ceil(quads_of(payload)) * kQuadPadded));
}

}  // namespace dagfs::mount
