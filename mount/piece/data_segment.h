// SPDX-License-Identifier: Apache-2.0 OR MIT

// Aggregates: pieces that are made of others, with an index of them at the end.
// https://github.com/filecoin-project/FIPs/blob/master/FRCs/frc-0058.md

#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "car/base/file.h"
#include "car/base/result.h"
#include "mount/piece/node_hash.h"
#include "mount/piece/piece_size.h"

namespace dagfs::mount {

// A piece inside an aggregate.
struct DataSegment {
  std::uint64_t index = 0;  // Which entry says so, from 0.
  TreeNode root = {};       // Its commitment; not checked.
  PaddedOffset offset;      // From the aggregate's beginning; whole quads.
  PaddedSize size;          // Whole quads, at least one.

  // Where its payload lies in that of the aggregate.
  UnpaddedOffset payload_offset() const;
  UnpaddedSize payload_size() const;

  friend bool operator==(const DataSegment&, const DataSegment&) = default;
};

// An entry of the index, as it lies in a padded piece: half a quad.
inline constexpr std::size_t kSegmentEntrySize = 64;
using SegmentEntry = std::array<std::byte, kSegmentEntrySize>;

// Where the index of an aggregate is: its last bytes.
struct SegmentIndexPlace {
  PaddedOffset offset;
  PaddedSize size;
};

// nullopt: a piece of that size has no room for an index.
std::optional<SegmentIndexPlace> segment_index_place(PieceSize aggregate);

// What an entry says, with `index` 0. nullopt where it says nothing: its
// checksum does not match (most entries are empty), or what it names is not
// whole quads.
std::optional<DataSegment> parse_segment_entry(
    std::span<const std::byte, kSegmentEntrySize> entry);

SegmentEntry encode_segment_entry(const DataSegment& segment);

// Some entries of an index.
struct SegmentEntries {
  std::uint64_t first = 0;
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
};

// The segments of a piece that `entries` of its index name, in their order;
// none where it is not an aggregate. `payload` has the piece's bytes unpadded;
// what it lacks of them is zeros. Segments that reach into the index or past it
// are left out. Reads at most 32 MiB, a little at a time. kIo, kUnavailable.
Result<std::vector<DataSegment>> read_data_segments(
    const RandomAccessFile& payload, PieceSize aggregate,
    const SegmentEntries& entries = {});

}  // namespace dagfs::mount
