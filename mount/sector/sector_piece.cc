// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/sector_piece.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "mount/piece/fr32.h"

namespace dagfs::mount {
namespace {

// Read at once: padded, half of a processor's second cache, so that what was
// copied there is unpadded from there.
constexpr std::size_t kPartPadded = std::size_t{256} << 10;
// Of payload that is sure to lie in that many quads, wherever it begins.
constexpr std::size_t kPartMax =
    (kPartPadded / kQuadPadded - 1) * kQuadUnpadded;

// Of the thread, since allocating and clearing it each time took a tenth of the
// time that a read takes.
std::span<std::byte> part_buffer(std::size_t size) {
  thread_local const auto buffer =
      std::make_unique_for_overwrite<std::byte[]>(kPartPadded);
  return {buffer.get(), size};
}

Error not_unsealed(const std::string& path, const SectorRange& range) {
  return Error(ErrorCode::kUnavailable,
               fmt::format("{}: the piece at {} with {} bytes (both padded) is "
                           "not unsealed here",
                           path, range.offset.bytes(), range.size.bytes()));
}

}  // namespace

Result<std::unique_ptr<SectorPiece>> SectorPiece::open(const std::string& path,
                                                       const Place& place) {
  auto sector = UnsealedFile::open(path);
  if (!sector.ok()) {
    // For a shard it is a disk that may be plugged in again.
    if (sector.error().code() != ErrorCode::kNotFound) {
      return std::move(sector).error();
    }
    return Error(ErrorCode::kUnavailable, sector.error().message());
  }
  const SectorRange range{.offset = place.offset, .size = place.size.padded()};
  const SectorTrailer& trailer = sector->trailer;
  if (range.offset + range.size > PaddedOffset() + trailer.sector_size()) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: the piece at {} with {} bytes (both padded) ends past "
                    "the sector's end at {}",
                    path, range.offset.bytes(), range.size.bytes(),
                    trailer.sector_size().bytes()));
  }
  if (!trailer.is_allocated(range)) return not_unsealed(path, range);
  return std::unique_ptr<SectorPiece>(
      new SectorPiece(std::move(sector).value(), place));
}

Result<std::size_t> SectorPiece::read_some_at(std::uint64_t offset,
                                              std::span<std::byte> out) const {
  if (offset >= size()) return std::size_t{0};
  out = out.first(std::min<std::uint64_t>(out.size(), size() - offset));
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t count = std::min(out.size() - done, kPartMax);
    DAGFS_TRY(
        read_part(UnpaddedOffset(offset + done), out.subspan(done, count)));
    done += count;
  }
  // Asked afterwards, since whoever makes a hole changes the stamp first.
  const FileStamp now = DAGFS_TRY(file_->stamp());
  if (now != sector_stamp_) {
    return Error(ErrorCode::kUnavailable,
                 "the sector was written to while it was read");
  }
  return out.size();
}

Status SectorPiece::read_part(UnpaddedOffset offset,
                              std::span<std::byte> out) const {
  const Fr32Cover cover = fr32_cover(offset, UnpaddedSize(out.size()));
  const auto padded = part_buffer(cover.size.bytes());
  DAGFS_TRY(file_->read_at(begin_.bytes() + cover.offset.bytes(), padded));
  fr32_unpad_range(cover, padded, out);
  return ok_status();
}

Result<FileStamp> SectorPiece::stamp() const {
  FileStamp stamp = DAGFS_TRY(file_->stamp());
  stamp.size = size();
  return stamp;
}

}  // namespace dagfs::mount
