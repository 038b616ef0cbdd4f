// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/name_escape.h"

#include <algorithm>
#include <cassert>

#include "car/base/bytes.h"
#include "car/ipld/multihash.h"

namespace dagfs::fs {
namespace {

// Between what is left of a long name and its hash. '~' never follows '%' in an
// escaped name, so that a shortened name equals no other escaped one.
constexpr std::string_view kShortenedMark = "%~";

// 128 bits of sha2-256: nobody makes two names that shorten to the same.
constexpr std::size_t kShortenedHashSize = 16;
constexpr std::size_t kShortenedTailSize =
    kShortenedMark.size() + 2 * kShortenedHashSize;

bool is_reserved(std::string_view raw, ReservedNames reserved) {
  return std::ranges::find(reserved, raw) != reserved.end();
}

void append_percent(unsigned char byte, std::string* out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  *out += '%';
  *out += kDigits[byte >> 4];
  *out += kDigits[byte & 15];
}

std::optional<unsigned char> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned char>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned char>(c - 'A' + 10);
  return std::nullopt;
}

// Names that consist of nothing that could be escaped byte by byte.
bool escapes_first_byte(std::string_view raw, ReservedNames reserved) {
  return raw == "." || is_reserved(raw, reserved);
}

std::string escape(std::string_view raw, ReservedNames reserved) {
  // A lone '%' is the escape of nothing else: every '%' of a name that is
  // escaped is followed by two digits.
  if (raw.empty()) return "%";
  if (raw == "..") return "%2E%2E";
  std::string out;
  if (escapes_first_byte(raw, reserved)) {
    append_percent(static_cast<unsigned char>(raw[0]), &out);
    raw.remove_prefix(1);
  }
  for (const char c : raw) {
    if (c == '/' || c == '\0' || c == '%') {
      append_percent(static_cast<unsigned char>(c), &out);
    } else {
      out += c;
    }
  }
  return out;
}

// Where `text` may be cut so that at most `size` bytes are left and neither an
// escape nor a UTF-8 character is torn apart.
std::size_t cut_position(std::string_view text, std::size_t size) {
  const auto is_continuation = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  std::size_t cut = size;
  // A UTF-8 character has at most three continuation bytes; more are no UTF-8,
  // and then any place will do.
  while (cut > 0 && size - cut < 4 && is_continuation(cut)) --cut;
  if (is_continuation(cut)) cut = size;
  const std::size_t percent = text.rfind('%', cut - 1);
  if (percent != std::string_view::npos && percent + 3 > cut) cut = percent;
  return cut;
}

std::string shorten(std::string_view escaped, std::string_view raw) {
  const Result<Bytes> digest =
      car::hash_bytes(car::HashCode::kSha2_256, as_bytes(raw));
  assert(digest.ok() && "sha2-256 is always there");
  const ByteView head(digest->data(), kShortenedHashSize);
  std::string out(escaped.substr(
      0, cut_position(escaped, kNameSizeMax - kShortenedTailSize)));
  out += kShortenedMark;
  out += to_hex(head);
  return out;
}

std::optional<std::string> unescape(std::string_view shown) {
  std::string raw;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != '%') {
      raw += shown[i];
      continue;
    }
    if (i + 2 >= shown.size()) return std::nullopt;
    const auto high = digit_of(shown[i + 1]);
    const auto low = digit_of(shown[i + 2]);
    if (!high || !low) return std::nullopt;
    raw += static_cast<char>((*high << 4) | *low);
    i += 2;
  }
  return raw;
}

}  // namespace

bool needs_escape(std::string_view raw, ReservedNames reserved) {
  if (raw.empty() || raw == "." || raw == ".." || raw.size() > kNameSizeMax) {
    return true;
  }
  if (raw.find('/') != std::string_view::npos) return true;
  return raw.find('\0') != std::string_view::npos || is_reserved(raw, reserved);
}

std::string show_name(std::string_view raw, ReservedNames reserved) {
  if (!needs_escape(raw, reserved)) return std::string(raw);
  std::string escaped = escape(raw, reserved);
  if (escaped.size() <= kNameSizeMax) return escaped;
  return shorten(escaped, raw);
}

std::optional<std::string> raw_name_of(std::string_view shown,
                                       ReservedNames reserved) {
  if (shown == "%") return std::string();
  if (shown.find('%') == std::string_view::npos) return std::nullopt;
  std::optional<std::string> raw = unescape(shown);
  // Also refuses what is escaped otherwise than we do, or without need.
  if (!raw || !needs_escape(*raw, reserved)) return std::nullopt;
  if (show_name(*raw, reserved) != shown) return std::nullopt;
  return raw;
}

bool may_be_shortened(std::string_view shown) {
  if (shown.size() > kNameSizeMax || shown.size() <= kShortenedTailSize) {
    return false;
  }
  return shown.substr(shown.size() - kShortenedTailSize)
      .starts_with(kShortenedMark);
}

}  // namespace dagfs::fs
