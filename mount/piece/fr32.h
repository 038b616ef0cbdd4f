// SPDX-License-Identifier: Apache-2.0 OR MIT

// fr32: the payload as one stream of bits, least first, with two zero bits
// after each 254, so that every 32 bytes are a number of the proofs' field.
// 127 bytes (a quad) become 128. docs/formats/piece.md

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "car/base/bytes.h"
#include "mount/piece/piece_size.h"

namespace dagfs::mount {

// Pads all of `payload`; its last quad, when it is not whole, is filled up with
// zeros. `padded` has exactly 128 bytes for each quad begun. The two must not
// overlap, but for `payload` being the front of `padded`: that is padding in
// place.
void fr32_pad(ByteView payload, std::span<std::byte> padded);

// Undoes fr32_pad for as many bytes as `payload` has; `padded` holds all quads
// that they lie in, from the first one's beginning. Bits that padding leaves
// zero are not looked at. The two must not overlap, but for `payload` being the
// front of `padded`: that is unpadding in place.
void fr32_unpad(ByteView padded, std::span<std::byte> payload);

// Which quads a range of the payload lies in.
struct Fr32Cover {
  PaddedOffset offset;  // Where the first quad begins.
  PaddedSize size;      // Of all of them.
  std::size_t skip;     // Bytes of the first one that are before the range.
};

// Offset and size may be anything that fits a piece; no bytes need no quad.
Fr32Cover fr32_cover(UnpaddedOffset offset, UnpaddedSize size);

// Fills `range` with what `cover` was made for; `padded` are the cover's bytes.
// The two must not overlap.
void fr32_unpad_range(const Fr32Cover& cover, ByteView padded,
                      std::span<std::byte> range);

// One way of doing it. All of them give the same bytes.
struct Fr32Kernel {
  std::string_view name;
  // Whole quads; may work in place as fr32_pad and fr32_unpad do.
  void (*pad)(const std::byte* payload, std::size_t quads, std::byte* padded);
  void (*unpad)(const std::byte* padded, std::size_t quads, std::byte* payload);
};

// Those that this processor can run, the best first. Never empty.
std::span<const Fr32Kernel> fr32_kernels();

}  // namespace dagfs::mount
