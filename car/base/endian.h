// SPDX-License-Identifier: Apache-2.0 OR MIT

// Fixed-width integers in memory of any alignment.

#pragma once

#include <bit>
#include <cstring>
#include <type_traits>

#include "car/base/bytes.h"

namespace dagfs {

static_assert(std::endian::native == std::endian::little,
              "dagfs is built for little-endian machines only");

// Reads a little-endian integer from the first sizeof(T) bytes at `from`, which
// must be there.
template <typename T>
T load_le(const std::byte* from) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <typename T>
void store_le(std::byte* to, T value) {
  static_assert(std::is_integral_v<T>);
  std::memcpy(to, &value, sizeof(value));
}

inline std::uint64_t load_be64(const std::byte* from) {
  return __builtin_bswap64(load_le<std::uint64_t>(from));
}

}  // namespace dagfs
