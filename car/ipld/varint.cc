// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/varint.h"

#include <algorithm>

namespace dagfs::car {

Result<std::uint64_t> read_varint(ByteView* input) {
  const std::size_t limit = std::min(input->size(), kVarintSizeMax);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < limit; ++i) {
    const auto byte = std::to_integer<std::uint64_t>((*input)[i]);
    value |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;

    // A last byte of zero adds nothing, so a shorter spelling exists.
    if (byte == 0 && i > 0) {
      return Error(ErrorCode::kCorrupt, "varint is not in its shortest form");
    }
    *input = input->subspan(i + 1);
    return value;
  }
  return Error(ErrorCode::kCorrupt, input->size() < kVarintSizeMax
                                        ? "varint is cut short"
                                        : "varint is longer than nine bytes");
}

EncodedVarint encode_varint(std::uint64_t value) {
  EncodedVarint encoded;
  while (value >= 0x80) {
    encoded.bytes[encoded.size++] = static_cast<std::byte>(value | 0x80);
    value >>= 7;
  }
  encoded.bytes[encoded.size++] = static_cast<std::byte>(value);
  return encoded;
}

void append_varint(std::uint64_t value, Bytes* out) {
  const EncodedVarint encoded = encode_varint(value);
  out->insert(out->end(), encoded.view().begin(), encoded.view().end());
}

}  // namespace dagfs::car
