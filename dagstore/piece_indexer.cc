// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/piece_indexer.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "car/base/file_slice.h"
#include "car/car_extent.h"
#include "car/car_header.h"
#include "car/car_index.h"
#include "car/index_builder.h"
#include "car/index_comparison.h"
#include "mount/piece/data_segment.h"

namespace dagfs::dagstore {
namespace {

using PieceFile = std::shared_ptr<const RandomAccessFile>;

// An index that is written but not yet in its place.
struct BuiltIndex {
  DurableFile file;
  PieceSummary summary;
};

PieceSummary summarize(const car::CarHeader& header,
                       const car::IndexSummary& index) {
  PieceSummary summary;
  summary.car_version = header.version;
  const std::size_t kept = std::min(header.roots.size(), kSummaryRootsMax);
  summary.roots.assign(
      header.roots.begin(),
      header.roots.begin() + static_cast<std::ptrdiff_t>(kept));
  summary.root_count = header.roots.size();
  summary.block_count = index.section_count;
  summary.block_bytes = index.block_bytes;
  summary.data_end = index.data_end;
  summary.index_size = index.index_size;
  summary.has_duplicates = index.has_duplicates;
  return summary;
}

// kCorrupt: there is more of the CAR than there should be.
Result<std::uint64_t> size_of_car(const PieceFile& piece,
                                  const mount::PieceShape& shape,
                                  const car::CarHeader& header,
                                  std::uint64_t data_end) {
  if (!shape.is_whole_piece) return piece->size();
  const std::uint64_t found =
      DAGFS_TRY(car::car_extent(piece, header, data_end));
  if (!shape.car_size) return found;
  if (header.payload.offset + data_end > *shape.car_size) {
    return Error(
        ErrorCode::kCorrupt,
        fmt::format("a payload of {} bytes was announced, but the CAR "
                    "has sections up to {}",
                    *shape.car_size, header.payload.offset + data_end));
  }
  return *shape.car_size;
}

// The CAR that a segment of an aggregate is, as one whose positions count from
// the aggregate's beginning. nullopt: it is none.
Result<std::optional<car::CarHeader>> header_of_segment(
    const PieceFile& piece, const mount::DataSegment& segment) {
  const ByteRange range{.offset = segment.payload_offset().bytes(),
                        .size = segment.payload_size().bytes()};
  auto inner = car::read_car_header(FileSlice(piece, range));
  if (!inner.ok()) {
    if (inner.error().code() == ErrorCode::kCorrupt) {
      return std::optional<car::CarHeader>();
    }
    return std::move(inner).error();
  }
  const std::uint64_t begin = range.offset + inner->payload.offset;
  return std::optional(
      car::CarHeader{.version = inner->version,
                     .payload = {.size = begin + inner->payload.size},
                     .first_section = begin + inner->first_section});
}

// `header`, and those of all segments behind it if the piece is an aggregate.
// Behind a CARv2 there are none: its blocks lie in its payload.
Result<std::vector<car::CarHeader>> headers_in(const PieceFile& piece,
                                               const car::CarHeader& header) {
  std::vector<car::CarHeader> headers = {header};
  const auto size =
      mount::PieceSize::from_unpadded(mount::UnpaddedSize(piece->size()));
  if (!size.ok() || header.v2) return headers;
  const auto segments = DAGFS_TRY(mount::read_data_segments(*piece, *size));
  for (const mount::DataSegment& segment : segments) {
    if (segment.offset == mount::PaddedOffset()) continue;
    auto inner = DAGFS_TRY(header_of_segment(piece, segment));
    if (inner) headers.push_back(*std::move(inner));
  }
  return headers;
}

// `mount` yields `piece`.
Result<BuiltIndex> build(const ShardKey& key, const mount::Mount& mount,
                         const PieceFile& piece, const IndexRepo& indices,
                         const std::atomic<bool>& cancelled) {
  const car::CarHeader header = DAGFS_TRY(car::read_car_header(*piece));
  const auto headers = DAGFS_TRY(headers_in(piece, header));
  DurableFile file = DAGFS_TRY(indices.create(key));
  const car::IndexSummary index = DAGFS_TRY(car::build_index(
      *piece, headers, car::ZeroSection::kEndsData, file.fd(), &cancelled));
  PieceSummary summary = summarize(header, index);
  summary.size =
      DAGFS_TRY(size_of_car(piece, mount.shape(), header, index.data_end));

  const PieceFile written = DAGFS_TRY(file.reopen());
  summary.index_sha256 = DAGFS_TRY(sha256_of(*written));
  const auto built =
      DAGFS_TRY(car::CarIndex::open(written, {0, written->size()}));
  summary.embedded_index =
      DAGFS_TRY(car::compare_embedded_index(piece, header, *built));
  return BuiltIndex{std::move(file), std::move(summary)};
}

// nullopt: the piece was written to meanwhile, so nothing found out holds, not
// even that it is no CAR.
Result<std::optional<PieceSummary>> try_to_index(
    const ShardKey& key, const mount::Mount& mount, const IndexRepo& indices,
    const std::atomic<bool>& cancelled) {
  const PieceFile piece = DAGFS_TRY_CONTEXT(mount.open(), "open piece");
  const FileStamp before = DAGFS_TRY_CONTEXT(piece->stamp(), "open piece");
  auto built = build(key, mount, piece, indices, cancelled);
  const FileStamp after = DAGFS_TRY_CONTEXT(piece->stamp(), "index piece");
  if (before != after) return std::optional<PieceSummary>();

  BuiltIndex index = DAGFS_TRY_CONTEXT(std::move(built), "index piece");
  index.summary.stamp = after;
  DAGFS_TRY_CONTEXT(std::move(index.file).commit(), "index piece");
  return std::optional(std::move(index.summary));
}

}  // namespace

Result<PieceSummary> index_piece(const ShardKey& key, const mount::Mount& mount,
                                 const IndexRepo& indices,
                                 const std::atomic<bool>& cancelled) {
  constexpr int kAttemptsMax = 2;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto summary = DAGFS_TRY(try_to_index(key, mount, indices, cancelled));
    if (summary.has_value()) return *std::move(summary);
  }
  return Error(ErrorCode::kUnavailable,
               "index piece: it is being written to at the same time");
}

}  // namespace dagfs::dagstore
