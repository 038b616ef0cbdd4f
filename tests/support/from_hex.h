// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cassert>
#include <string_view>

#include "car/base/bytes.h"

namespace dagfs::tests {

// The bytes of lower-case hexadecimal text; blanks are skipped.
inline Bytes from_hex(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Bytes out;
  bool low_half = false;
  for (const char c : hex) {
    if (c == ' ' || c == '\n') continue;
    const std::size_t digit = kDigits.find(c);
    assert(digit != std::string_view::npos);
    if (low_half) {
      out.back() |= static_cast<std::byte>(digit);
    } else {
      out.push_back(static_cast<std::byte>(digit << 4));
    }
    low_half = !low_half;
  }
  return out;
}

}  // namespace dagfs::tests
