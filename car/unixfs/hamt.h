// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where a name belongs in a sharded directory (HAMT). docs/formats/unixfs.md
// has a worked example.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dagfs::car {

// The one hash function that sharded directories use: murmur3-x64-64, as the
// multicodec table names it.
inline constexpr std::uint64_t kHamtHashType = 0x22;

// The first half of MurmurHash3_x64_128 with seed 0. Read from its most
// significant bit on, it is the path of `name` from the root shard.
std::uint64_t hamt_hash(std::string_view name);

// How the links of a shard with a given fan-out are named: the slot in upper
// case hex, padded to the width of the highest, then the entry's name, which
// is empty for a link to a sub-shard.
class HamtFanout {
 public:
  explicit HamtFanout(std::uint64_t fanout);

  // Hex digits before each name.
  std::size_t prefix_size() const { return prefix_size_; }

  // Hash bits a level takes; nullopt where the fan-out is no power of two from
  // 2 to kHamtFanoutMax, so that names have no computable slot.
  std::optional<unsigned> bits() const { return bits_; }

  // The slot that the `bits_used` first bits of `hash` having been taken, the
  // next ones name. nullopt: bits() is, or the hash is used up.
  std::optional<std::uint64_t> slot(std::uint64_t hash,
                                    unsigned bits_used) const;

  // The link name prefix of `slot`.
  std::string prefix(std::uint64_t slot) const;

 private:
  std::size_t prefix_size_;
  std::optional<unsigned> bits_;
};

// The slot a link's prefix spells, in either case; nullopt: not hex.
std::optional<std::uint64_t> parse_hamt_prefix(std::string_view prefix);

}  // namespace dagfs::car
