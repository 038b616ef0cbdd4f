// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dagfs {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// A stretch of a file or payload. Which of the two "offset" counts from is said
// by whoever hands the range out.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Two lower-case digits a byte.
std::string to_hex(ByteView bytes);

}  // namespace dagfs
