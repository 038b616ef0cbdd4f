// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/rle_plus.h"

#include <fmt/core.h>

#include "car/base/checked.h"

namespace dagfs::mount {
namespace {

constexpr unsigned kVersionBits = 2;
constexpr unsigned kShortLengthBits = 4;

}  // namespace

Result<RlePlusReader> RlePlusReader::open(ByteView encoded) {
  if (!encoded.empty() && encoded.back() == std::byte{0}) {
    return Error(ErrorCode::kCorrupt, "RLE+ ends with a zero byte");
  }
  RlePlusReader reader(encoded);
  const std::uint64_t version = reader.take_bits(kVersionBits);
  if (version != 0) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("RLE+ version {}, expected 0", version));
  }
  reader.value_ = reader.take_bits(1) != 0;
  return reader;
}

Result<std::optional<NumberRun>> RlePlusReader::next() {
  while (true) {
    // The bits behind the end are a length of 0, too.
    const std::uint64_t length = DAGFS_TRY(take_length());
    if (length == 0) return std::optional<NumberRun>();
    const auto end = checked_add(position_, length);
    if (!end) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("RLE+ run of {} from {} on ends past 64 bits",
                               length, position_));
    }
    const NumberRun run{.first = position_, .count = length};
    position_ = *end;
    const bool is_of_the_set = value_;
    value_ = !value_;
    if (is_of_the_set) return std::optional(run);
  }
}

std::uint64_t RlePlusReader::take_bits(unsigned count) {
  constexpr std::size_t kByteBits = 8;
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < count; ++i, ++bit_) {
    const std::size_t index = bit_ / kByteBits;
    if (index >= encoded_.size()) break;
    const auto byte = std::to_integer<std::uint64_t>(encoded_[index]);
    bits |= ((byte >> (bit_ % kByteBits)) & 1U) << i;
  }
  return bits;
}

Result<std::uint64_t> RlePlusReader::take_length() {
  if (take_bits(1) != 0) return std::uint64_t{1};
  if (take_bits(1) != 0) return take_bits(kShortLengthBits);
  return take_varint();
}

// Its bytes begin at any bit, which is why car/ipld/varint cannot read it.
Result<std::uint64_t> RlePlusReader::take_varint() {
  constexpr unsigned kBitsMax = 64;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < kBitsMax; shift += 7) {
    const std::uint64_t byte = take_bits(8);
    const std::uint64_t bits = byte & 0x7fU;
    if ((bits << shift) >> shift != bits) break;
    value |= bits << shift;
    if (byte < 0x80U) {
      if (byte == 0 && shift > 0) {
        return Error(ErrorCode::kCorrupt, "RLE+ length ends with a zero byte");
      }
      return value;
    }
  }
  return Error(ErrorCode::kCorrupt, "RLE+ length is longer than 64 bits");
}

}  // namespace dagfs::mount
