// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/data_segment.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "car/base/endian.h"
#include "car/ipld/multihash.h"
#include "mount/piece/fr32.h"

namespace dagfs::mount {
namespace {

// Of an entry: root, offset and size of the segment, checksum.
constexpr std::size_t kOffsetAt = 32;
constexpr std::size_t kSizeAt = 40;
constexpr std::size_t kChecksumAt = 48;
constexpr std::size_t kChecksumSize = 16;

// One entry for so much of an aggregate, and four at least.
constexpr std::uint64_t kPaddedPerEntry =
    std::uint64_t{2048} * kSegmentEntrySize;
constexpr std::uint64_t kEntriesMin = 4;

constexpr std::size_t kEntriesPerQuad = kQuadPadded / kSegmentEntrySize;
// What is read at once, in quads: 64 KiB.
constexpr std::size_t kQuadsRead = 512;

using Checksum = std::array<std::byte, kChecksumSize>;

// The front of sha2-256 of the entry without a checksum, two bits short so that
// it stays an element of the field.
Checksum checksum_of(std::span<const std::byte, kSegmentEntrySize> entry) {
  SegmentEntry blank;
  std::ranges::copy(entry, blank.begin());
  std::ranges::fill(std::span(blank).subspan<kChecksumAt>(), std::byte{0});
  const auto digest = car::hash_bytes(car::HashCode::kSha2_256, blank);
  assert(digest.ok() && "sha2-256 is always there");
  Checksum checksum;
  std::copy_n(digest->begin(), checksum.size(), checksum.begin());
  checksum.back() &= std::byte{0x3f};
  return checksum;
}

// Unpadded bytes of whole quads; zeros where `payload` has ended.
Result<Bytes> read_filled(const RandomAccessFile& payload,
                          UnpaddedOffset offset, std::size_t size) {
  Bytes bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const std::size_t count = DAGFS_TRY(payload.read_some_at(
        offset.bytes() + done, std::span(bytes).subspan(done)));
    if (count == 0) break;
    done += count;
  }
  return bytes;
}

// Which entries are wanted, and where the last byte of a segment may be.
struct SegmentBounds {
  std::uint64_t first;
  std::uint64_t end;
  PaddedOffset data_end;
};

// Collects the entries of padded quads, the first of which is number `index`.
void collect_segments(ByteView quads, std::uint64_t index,
                      const SegmentBounds& bounds,
                      std::vector<DataSegment>* segments) {
  for (; !quads.empty(); quads = quads.subspan(kSegmentEntrySize), ++index) {
    if (index < bounds.first || index >= bounds.end) continue;
    auto segment = parse_segment_entry(quads.first<kSegmentEntrySize>());
    if (!segment || segment->offset > bounds.data_end ||
        segment->size > bounds.data_end - segment->offset) {
      continue;
    }
    segment->index = index;
    segments->push_back(*segment);
  }
}

}  // namespace

UnpaddedOffset DataSegment::payload_offset() const {
  return UnpaddedOffset(offset.bytes() / kQuadPadded * kQuadUnpadded);
}

UnpaddedSize DataSegment::payload_size() const {
  return UnpaddedSize(size.bytes() / kQuadPadded * kQuadUnpadded);
}

std::optional<SegmentIndexPlace> segment_index_place(PieceSize aggregate) {
  const std::uint64_t padded = aggregate.padded().bytes();
  const std::uint64_t entries =
      std::max(kEntriesMin, std::bit_ceil(padded / kPaddedPerEntry));
  const PaddedSize size(entries * kSegmentEntrySize);
  if (size >= aggregate.padded()) return std::nullopt;
  return SegmentIndexPlace{
      .offset = PaddedOffset() + (aggregate.padded() - size), .size = size};
}

std::optional<DataSegment> parse_segment_entry(
    std::span<const std::byte, kSegmentEntrySize> entry) {
  // Most entries are empty, and need no hash to be told.
  const auto size = load_le<std::uint64_t>(&entry[kSizeAt]);
  if (size == 0 || size % kQuadPadded != 0) return std::nullopt;
  const auto offset = load_le<std::uint64_t>(&entry[kOffsetAt]);
  if (offset % kQuadPadded != 0) return std::nullopt;
  if (!std::ranges::equal(checksum_of(entry), entry.subspan<kChecksumAt>())) {
    return std::nullopt;
  }
  DataSegment segment{.offset = PaddedOffset(offset), .size = PaddedSize(size)};
  std::copy_n(entry.begin(), segment.root.size(), segment.root.begin());
  return segment;
}

SegmentEntry encode_segment_entry(const DataSegment& segment) {
  SegmentEntry entry = {};
  std::ranges::copy(segment.root, entry.begin());
  store_le(&entry[kOffsetAt], segment.offset.bytes());
  store_le(&entry[kSizeAt], segment.size.bytes());
  std::ranges::copy(checksum_of(entry), &entry[kChecksumAt]);
  return entry;
}

Result<std::vector<DataSegment>> read_data_segments(
    const RandomAccessFile& payload, PieceSize aggregate,
    const SegmentEntries& entries) {
  std::vector<DataSegment> segments;
  const auto place = segment_index_place(aggregate);
  if (!place) return segments;
  // Whole quads, since it is a power of two at the end of a larger one.
  const UnpaddedOffset begin = DAGFS_TRY(to_unpadded(place->offset));
  const std::uint64_t there = place->size.bytes() / kSegmentEntrySize;
  const std::uint64_t first = std::min(entries.first, there);
  const SegmentBounds bounds{
      .first = first,
      .end = first + std::min(entries.count, there - first),
      .data_end = place->offset};
  const std::size_t quads_end =
      (bounds.end + kEntriesPerQuad - 1) / kEntriesPerQuad;
  Bytes padded;
  for (std::size_t done = bounds.first / kEntriesPerQuad; done < quads_end;
       done += kQuadsRead) {
    const std::size_t count = std::min(kQuadsRead, quads_end - done);
    const Bytes unpadded = DAGFS_TRY_CONTEXT(
        read_filled(payload, begin + UnpaddedSize(done * kQuadUnpadded),
                    count * kQuadUnpadded),
        "read the index of segments");
    padded.resize(count * kQuadPadded);
    fr32_pad(unpadded, padded);
    collect_segments(padded, done * kEntriesPerQuad, bounds, &segments);
  }
  return segments;
}

}  // namespace dagfs::mount
