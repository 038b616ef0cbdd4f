// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "car/unixfs/directory_node.h"

namespace dagfs::car {

// An entry of a directory. Views into the node it comes from.
struct DirectoryEntry {
  std::string_view name;  // Any bytes, also none.
  CidView cid;
  std::uint64_t next_cookie = 0;  // Where listing goes on after this entry.
};

// Cookies of directories are below this, so that callers can give entries of
// their own a place.
inline constexpr std::uint64_t kDirectoryCookieEnd = std::uint64_t{1} << 62;

// Goes through the entries of a HAMT, shards depth first. Holds the shards on
// the way to where it stands and nothing else.
//
// A cookie is that way: for each shard from the root down the index of a link,
// in as many bits as the shard's link count needs, the root's lowest; then a
// bit that says that a shard was passed over. So it means the same to any walk
// of the same directory, whatever could be had then or now, and finding its
// place again costs one shard a level. Real HAMTs need below 40 bits: lower
// levels are almost empty.
class HamtWalk {
 public:
  // Null: no HAMT shard.
  using Loader = std::function<Result<DirectoryNodePtr>(const Cid&)>;

  // Whether the bound on visited shards starts anew at each entry, or holds
  // for the whole walk.
  enum class Budget : std::uint8_t { kPerEntry, kWholeWalk };

  // Stands at `cookie`, 0 being the start.
  HamtWalk(DirectoryNodePtr root, Loader load, Budget budget,
           std::uint64_t cookie = 0);

  // Moves on to the nearest entry, unless it stands on one. False: there is
  // none any more. Shards that cannot be had or lie too deep are passed over;
  // kExhausted: more than kEmptyShardsMax were visited.
  Result<bool> settle();

  // The entry it stands on after settle() said true.
  DirectoryEntry entry() const;
  void advance();

  // Shards were passed over, by this walk or the one the cookie is from.
  bool has_fault() const { return has_fault_; }
  // Why the first of this walk was.
  const std::optional<Error>& fault() const { return fault_; }

 private:
  struct Frame {
    DirectoryNodePtr node;
    std::size_t index = 0;
    std::uint64_t above = 0;  // The cookie's bits of the shards above.
    unsigned bit_at = 0;      // Where this shard's bits begin.
    unsigned bits = 0;
  };

  // Goes into the sub-shard it stands on, or past it.
  void enter(std::uint64_t cookie);
  void pass_over(Error error);
  std::uint64_t next_cookie() const;

  const Loader load_;
  const Budget budget_;
  std::vector<Frame> frames_;  // From the root down; empty at the end.
  std::size_t shards_visited_ = 0;
  bool has_fault_ = false;
  std::optional<Error> fault_;
};

}  // namespace dagfs::car
