// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/inverted_rows.h"

#include <fmt/core.h>

#include <charconv>

#include "car/base/bytes.h"
#include "car/ipld/varint.h"

namespace dagfs::dagstore {
namespace {

constexpr std::size_t kNumberSizeMax = sizeof(std::uint64_t);

Error row_is_corrupt(std::string_view what) {
  return Error(ErrorCode::kCorrupt, fmt::format("inverted index: {}", what));
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) {
    number = number << 8U | static_cast<unsigned char>(byte);
  }
  return number;
}

}  // namespace

std::string entry_prefix(const car::Multihash& multihash) {
  const auto code =
      car::encode_varint(static_cast<std::uint64_t>(multihash.code));
  const auto size = car::encode_varint(multihash.digest.size());
  std::string row(kEntryPrefix);
  row.append(as_text(code.view()));
  row.append(as_text(size.view()));
  row.append(as_text(multihash.digest));
  return row;
}

void append_number(std::uint64_t number, std::string* row) {
  std::size_t size = 1;
  while (size < kNumberSizeMax && number >> (8 * size) != 0) ++size;
  while (size-- > 0) {
    row->push_back(static_cast<char>(number >> (8 * size) & 0xff));
  }
}

Result<std::uint64_t> parse_number(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kNumberSizeMax || bytes[0] == '\0') {
    return row_is_corrupt(fmt::format("{} bytes are no number", bytes.size()));
  }
  return big_endian(bytes);
}

Result<std::uint64_t> number_of_entry(std::string_view row) {
  ByteView rest = as_bytes(row.substr(kEntryPrefix.size()));
  DAGFS_TRY_CONTEXT(car::read_multihash(&rest), "inverted index");
  return parse_number(as_text(rest));
}

std::string member_row(std::string_view key) {
  return std::string(kMemberPrefix).append(key);
}

std::string place_row(std::uint64_t number) {
  std::string row(kPlacePrefix);
  for (std::size_t left = kNumberSizeMax; left-- > 0;) {
    row.push_back(static_cast<char>(number >> (8 * left) & 0xff));
  }
  return row;
}

Result<std::uint64_t> number_of_place(std::string_view row) {
  const auto bytes = row.substr(kPlacePrefix.size());
  if (bytes.size() != kNumberSizeMax) {
    return row_is_corrupt(fmt::format("a number of {} bytes", bytes.size()));
  }
  return big_endian(bytes);
}

std::string to_decimal(std::uint64_t number) {
  return fmt::format("{}", number);
}

Result<std::uint64_t> from_decimal(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || stop != end) {
    return row_is_corrupt("expected a decimal number");
  }
  return number;
}

std::string encode_place(const Place& place) {
  return fmt::format("{} {} {}", static_cast<char>(place.state), place.checksum,
                     place.key);
}

Result<Place> decode_place(std::string_view value) {
  const bool has_state =
      value.size() > 2 && value[1] == ' ' &&
      (value[0] == static_cast<char>(PlaceState::kFilling) ||
       value[0] == static_cast<char>(PlaceState::kComplete) ||
       value[0] == static_cast<char>(PlaceState::kDropped));
  if (!has_state) return row_is_corrupt("a shard without a state");
  const std::string_view rest = value.substr(2);
  const std::size_t blank = rest.find(' ');
  if (blank == std::string_view::npos || blank + 1 == rest.size()) {
    return row_is_corrupt("a shard without a key");
  }
  return Place{.state = static_cast<PlaceState>(value[0]),
               .checksum = std::string(rest.substr(0, blank)),
               .key = std::string(rest.substr(blank + 1))};
}

}  // namespace dagfs::dagstore
