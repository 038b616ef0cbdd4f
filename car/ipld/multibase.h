// SPDX-License-Identifier: Apache-2.0 OR MIT

// Bytes as text in the bases of multibase's table.
// https://github.com/multiformats/multibase

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/limits.h"

namespace dagfs::car {

// Base2 is the longest spelling: eight digits a byte, and the prefix.
inline constexpr std::size_t kMultibaseTextMax = 8 * kCidSizeMax + 1;

// Bases that are not powers of two are converted by long division, whose time
// grows with the square of the length. Base10 needs 2.41 digits a byte.
inline constexpr std::size_t kLongDivisionTextMax = 5 * kCidSizeMax / 2;

// The bytes that `text` stands for; its first character names the base.
// Letters of either case are taken where the base has only one. Padding must be
// there exactly where the prefix says so, and bits left over must be zero.
//
// kInvalidArgument: unknown prefix, a character outside the base, bad padding,
// or longer than the limits above.
Result<Bytes> decode_multibase(std::string_view text);

// Without prefix. kInvalidArgument as above.
Result<Bytes> decode_base58btc(std::string_view digits);
Result<Bytes> decode_base64(std::string_view digits);  // No padding, any size.

// Without prefix and padding; base32 in lower case.
std::string encode_base32(ByteView bytes);
std::string encode_base58btc(ByteView bytes);
std::string encode_base64(ByteView bytes);

}  // namespace dagfs::car
