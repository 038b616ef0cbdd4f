// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/utf8.h"

namespace dagfs::car {
namespace {

struct Range {
  unsigned char first;
  unsigned char last;
};

// Which second bytes may follow a lead byte of two or more.
Range second_byte(unsigned char lead) {
  switch (lead) {
    case 0xe0: return {0xa0, 0xbf};
    case 0xed: return {0x80, 0x9f};
    case 0xf0: return {0x90, 0xbf};
    case 0xf4: return {0x80, 0x8f};
    default: return {0x80, 0xbf};
  }
}

std::size_t size_by_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

}  // namespace

std::size_t utf8_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = size_by_lead(lead);
  if (size <= 1) return size;
  if (text.size() < size) return 0;
  Range allowed = second_byte(lead);
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < allowed.first || byte > allowed.last) return 0;
    allowed = {0x80, 0xbf};
  }
  return size;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace dagfs::car
