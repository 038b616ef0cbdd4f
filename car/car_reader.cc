// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

constexpr std::uint64_t kPageSize = 4096;

// Fits the processor's second-level cache, so the copy out of the page cache
// is the only time a byte comes from memory.
constexpr std::uint64_t kWindowMax = std::uint64_t{256} << 10;

// Copying 16 KiB takes longer than another system call: from this average on,
// a page is read for each section and its data stepped over.
constexpr std::uint64_t kSkippedSizeMin = std::uint64_t{16} << 10;

// What the head of a section rarely exceeds, and what it never does.
constexpr std::uint64_t kHeadSizeUsual = 128;
constexpr std::uint64_t kHeadSizeMax = kSectionHeadSizeMax;

constexpr std::uint64_t kSectionSizeMax = kBlockSizeMax + kCidSizeMax;

Error wrong_section(std::string message) {
  return Error(ErrorCode::kCorrupt, std::move(message));
}

}  // namespace

Result<SectionHead> parse_section_head(ByteView bytes, std::uint64_t size_max) {
  ByteView rest = bytes;
  const std::uint64_t length = DAGFS_TRY(read_varint(&rest));
  const std::uint64_t varint_size = bytes.size() - rest.size();
  if (length == 0) return wrong_section("its length is 0");
  if (varint_size > size_max || length > size_max - varint_size) {
    return wrong_section(
        fmt::format("its length {} runs {} bytes past the payload", length,
                    length + varint_size - size_max));
  }
  if (length > kSectionSizeMax) {
    return wrong_section(
        fmt::format("its length {} is more than {}", length, kSectionSizeMax));
  }

  rest = rest.first(std::min<std::uint64_t>(rest.size(), length));
  const std::size_t before = rest.size();
  SectionHead head;
  head.cid = DAGFS_TRY(read_cid_view(&rest));
  const std::uint64_t cid_size = before - rest.size();
  head.size = varint_size + cid_size;
  head.block_size = length - cid_size;
  if (head.block_size > kBlockSizeMax) {
    return wrong_section(
        fmt::format("its block has {} bytes, at most {} are read",
                    head.block_size, kBlockSizeMax));
  }
  return head;
}

SectionReader::SectionReader(const RandomAccessFile& file,
                             const CarHeader& header, ZeroSection zero_section,
                             std::uint64_t position)
    : file_(&file),
      payload_(header.payload),
      zero_section_(zero_section),
      position_(std::min(position, header.payload.size)) {}

Result<std::optional<Section>> SectionReader::next() {
  const std::uint64_t remaining = payload_.size - position_;
  if (remaining == 0) return std::optional<Section>();

  const std::uint64_t usual = std::min(remaining, kHeadSizeUsual);
  const std::uint64_t longest = std::min(remaining, kHeadSizeMax);
  ByteView head = DAGFS_TRY(buffered(usual));
  auto section = parse(head);
  if (!section.ok() && head.size() < longest) {
    // The CID may be an uncommonly long one that the window cut.
    head = DAGFS_TRY(buffered(longest));
    section = parse(head);
  }
  if (!section.ok()) {
    return std::move(section).error().context(
        fmt::format("section at {}", payload_.offset + position_));
  }
  if (section->has_value()) {
    position_ += section->value().size;
    ++sections_since_read_;
  }
  return section;
}

// Of at least `size` bytes from position_ on, which the payload has.
Result<ByteView> SectionReader::buffered(std::uint64_t size) {
  if (position_ < window_.offset ||
      position_ + size > window_.offset + window_.size) {
    DAGFS_TRY(read_window(size));
  }
  return ByteView(buffer_.get(), window_.size)
      .subspan(position_ - window_.offset);
}

// No posix_fadvise: the descriptor is shared with readers that want read-ahead,
// and Linux does none anyway for small reads that do not follow each other.
Status SectionReader::read_window(std::uint64_t size_min) {
  const std::uint64_t walked = position_ - window_.offset;
  std::uint64_t size = kPageSize;
  if (sections_since_read_ > 0 &&
      walked / sections_since_read_ < kSkippedSizeMin) {
    size = std::min(std::max(window_.size, kPageSize) * 2, kWindowMax);
  }
  // Up to a page's end in the file, for the page would be read anyway.
  const std::uint64_t offset = payload_.offset + position_;
  const std::uint64_t page_end =
      (offset + size_min + kPageSize - 1) / kPageSize * kPageSize;
  size = std::max(size, size_min);
  if (size <= kPageSize) size = page_end - offset;
  size = std::min({size, kWindowMax, payload_.size - position_});

  if (size > capacity_) {
    capacity_ = size <= kPageSize * 2 ? kPageSize * 2 : kWindowMax;
    buffer_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
  }
  window_ = {};  // Should reading fail half-way, the old bytes are gone.
  DAGFS_TRY_CONTEXT(file_->read_at(offset, {buffer_.get(), size}),
                    "read sections");
  window_ = {.offset = position_, .size = size};
  sections_since_read_ = 0;
  return ok_status();
}

// `head` begins at position_ and may end anywhere after that.
Result<std::optional<Section>> SectionReader::parse(ByteView head) const {
  if (head.front() == std::byte{0} && zero_section_ == ZeroSection::kEndsData) {
    return std::optional<Section>();
  }
  const SectionHead parsed =
      DAGFS_TRY(parse_section_head(head, payload_.size - position_));
  return std::optional<Section>(
      Section{.position = position_,
              .size = parsed.size + parsed.block_size,
              .cid = parsed.cid,
              .block = {.offset = payload_.offset + position_ + parsed.size,
                        .size = parsed.block_size}});
}

}  // namespace dagfs::car
