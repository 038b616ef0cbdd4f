// SPDX-License-Identifier: Apache-2.0 OR MIT

// What is known of a shard without reading its bytes.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/ipld/cid.h"
#include "dagstore/shard_key.h"
#include "dagstore/shard_state.h"

namespace dagfs::dagstore {

// A CAR's header may list 800,000 roots; a record that is copied, printed and
// kept in memory shall not. CARs with more than a handful are rare.
inline constexpr std::size_t kSummaryRootsMax = 1000;

// What indexing found out about a piece; kept in the registry.
struct PieceSummary {
  unsigned car_version = 1;
  std::vector<car::Cid>
      roots;  // The first kSummaryRootsMax; the header has all.
  std::uint64_t root_count = 0;  // Of all.
  // Of the CAR: what its mount yields, but not the zeros of a whole piece.
  std::uint64_t size = 0;
  std::uint64_t block_count =
      0;  // Sections, duplicates and identity ones included.
  std::uint64_t block_bytes = 0;
  std::uint64_t data_end =
      0;  // Position in the payload after the last section.
  std::uint64_t index_size = 0;
  std::string index_sha256;     // Of the index file, 64 hexadecimal digits.
  bool has_duplicates = false;  // Some multihash stands in two sections.
  std::string embedded_index;   // "none", "matches", or why it was not used.
  FileStamp stamp;              // Of the piece when it was indexed.
};

// One shard as the registry knows it; copying it touches no bytes of the piece.
struct ShardInfo {
  ShardKey key;
  std::string url;  // As registered; file URLs inside the repo are relative.
  ShardState state = ShardState::kNew;
  std::string error = {};  // Why kErrored, or empty.
  // Whole seconds once it was stored.
  std::chrono::system_clock::time_point registered_at = {};
  std::optional<std::chrono::system_clock::time_point> indexed_at = {};
  std::optional<PieceSummary> piece = {};  // As last indexed.
  std::uint64_t leases = 0;                // In this process; never stored.
};

// Whether a piece with stamp `now` can still be read by what was found out when
// it had the stamp `then`. The device takes no part: its number may change
// from one boot to the next, and a whole repo must not be indexed again for
// that.
bool is_same_content(const FileStamp& then, const FileStamp& now);

}  // namespace dagfs::dagstore
