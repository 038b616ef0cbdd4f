// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/segment_mount.h"

#include <fmt/core.h>

#include <charconv>

#include "car/base/file_slice.h"
#include "mount/piece/data_segment.h"

namespace dagfs::mount {
namespace {

constexpr std::string_view kSegmentScheme = "segment:";

Result<ByteRange> range_of_segment(const RandomAccessFile& piece,
                                   std::uint64_t index) {
  const auto size = PieceSize::from_unpadded(UnpaddedSize(piece.size()));
  if (size.ok()) {
    const auto segments = DAGFS_TRY(
        read_data_segments(piece, *size, {.first = index, .count = 1}));
    if (!segments.empty()) {
      return ByteRange{.offset = segments.front().payload_offset().bytes(),
                       .size = segments.front().payload_size().bytes()};
    }
  }
  return Error(ErrorCode::kUnavailable,
               fmt::format("the piece has no segment {}", index));
}

}  // namespace

MountRegistry::Factory SegmentMount::factory(
    std::shared_ptr<const MountRegistry> aggregates) {
  return [aggregates = std::move(aggregates)](
             std::string_view url) -> Result<std::unique_ptr<Mount>> {
    std::uint64_t index = 0;
    const char* const begin = url.data() + kSegmentScheme.size();
    const char* const url_end = url.data() + url.size();
    const auto [end, error] = std::from_chars(begin, url_end, index);
    if (error != std::errc() || end == url_end || *end != ':') {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{}: not \"segment:NUMBER:URL\"", url));
    }
    auto aggregate = DAGFS_TRY_CONTEXT(
        aggregates->instantiate(
            url.substr(static_cast<std::size_t>(end + 1 - url.data()))),
        url);
    return std::unique_ptr<Mount>(
        new SegmentMount(index, std::move(aggregate)));
  };
}

std::string SegmentMount::url() const {
  return segment_url(index_, aggregate_->url());
}

Result<std::unique_ptr<RandomAccessFile>> SegmentMount::open() const {
  std::shared_ptr<const RandomAccessFile> piece = DAGFS_TRY(aggregate_->open());
  const ByteRange range = DAGFS_TRY(range_of_segment(*piece, index_));
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<FileSlice>(std::move(piece), range));
}

Result<FileStamp> SegmentMount::stamp() const {
  const auto segment = DAGFS_TRY(open());
  return segment->stamp();
}

std::string segment_url(std::uint64_t index, std::string_view aggregate_url) {
  return fmt::format("{}{}:{}", kSegmentScheme, index, aggregate_url);
}

}  // namespace dagfs::mount
