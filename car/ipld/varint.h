// SPDX-License-Identifier: Apache-2.0 OR MIT

// Unsigned varints as multiformats defines them: little-endian base 128, at
// most nine bytes, always in the shortest form.
// https://github.com/multiformats/unsigned-varint

#pragma once

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

}  // namespace dagfs::car
