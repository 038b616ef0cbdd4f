// SPDX-License-Identifier: Apache-2.0 OR MIT

// Rows of the inverted index: docs/formats/inverted_index.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "car/base/result.h"
#include "car/ipld/multihash.h"

namespace dagfs::dagstore {

inline constexpr std::string_view kVersionRow = "v";
inline constexpr std::string_view kInvertedVersion = "1";
inline constexpr std::string_view kNextNumberRow = "n";
inline constexpr std::string_view kProgressRow = "p";
inline constexpr std::string_view kEntryPrefix = "e";
inline constexpr std::string_view kMemberPrefix = "k";
inline constexpr std::string_view kPlacePrefix = "s";

// What the entries of `multihash` begin with, and those of no other.
std::string entry_prefix(const car::Multihash& multihash);

// The bytes of a shard's number in an entry: as few as it needs, at least one.
void append_number(std::uint64_t number, std::string* row);
// kCorrupt: no bytes, more than eight, or a zero in front.
Result<std::uint64_t> parse_number(std::string_view bytes);

// The number at the end of any entry. kCorrupt.
Result<std::uint64_t> number_of_entry(std::string_view row);

std::string member_row(std::string_view key);
std::string place_row(std::uint64_t number);
// The number in a place_row(). kCorrupt.
Result<std::uint64_t> number_of_place(std::string_view row);

std::string to_decimal(std::uint64_t number);
Result<std::uint64_t> from_decimal(std::string_view text);

// One content of a shard, which has its own number.
enum class PlaceState : char {
  kFilling = 'f',   // Some of its entries may be missing.
  kComplete = 'c',  // All are in.
  kDropped = 'd',   // They are to be removed.
};
struct Place {
  PlaceState state = PlaceState::kFilling;
  std::string checksum;
  std::string key;
};
std::string encode_place(const Place& place);
// kCorrupt.
Result<Place> decode_place(std::string_view value);

}  // namespace dagfs::dagstore
