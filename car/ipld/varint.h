// SPDX-License-Identifier: Apache-2.0 OR MIT

// Unsigned varints as multiformats defines them: little-endian base 128, at
// most nine bytes, always in the shortest form.
// https://github.com/multiformats/unsigned-varint

#pragma once

#include <array>
#include <cstdint>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::car {

// The specification's limit: nine bytes carry 63 bits, so no value needs a
// tenth.
inline constexpr std::size_t kVarintSizeMax = 9;

// Reads one varint from the front of `*input` and moves `*input` past it.
//
// kCorrupt: `*input` ends inside the varint, the varint is longer than
// kVarintSizeMax, or it is not in its shortest form (two encodings of a length
// would give one CID two spellings). `*input` is then unchanged.
Result<std::uint64_t> read_varint(ByteView* input);

// A varint's bytes without an allocation. Ten bytes, because protobuf writes
// all 64 bits in this form too; what read_varint is to accept must stay below
// 2^63.
struct EncodedVarint {
  std::array<std::byte, kVarintSizeMax + 1> bytes;
  std::size_t size = 0;

  ByteView view() const { return ByteView(bytes).first(size); }
};
EncodedVarint encode_varint(std::uint64_t value);

void append_varint(std::uint64_t value, Bytes* out);

}  // namespace dagfs::car
