// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <string_view>

namespace dagfs::car {

// How many bytes at the front of `text`, which is not empty, are one code point
// in UTF-8; 0 where they are none (Unicode's table 3-7: no surrogates, no
// longer form than needed, nothing past U+10FFFF).
std::size_t utf8_size(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace dagfs::car
