// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/data_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mount/piece/commp.h"
#include "mount/piece/fr32.h"
#include "mount/piece/piece_cid.h"
#include "tests/support/fixtures.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::from_hex;
using tests::IsOkAnd;

// The two entries of the sample aggregate that go-data-segment comes with.
constexpr const char* kFirstEntry =
    "02771248c328f03d49dd3067ae71fda4c6230ded8315ea51539e7155c5b0261b"
    "00000000000000000000080000000000f09f73f5f2710ab83fd968425c73b91e";
constexpr const char* kSecondEntry =
    "d8b34dd1b8cd6e7e8cb5e706e9b6a699c7f311ddae188f4e9a081c95c4c74c38"
    "000008000000000000000400000000008403b5d28d6670d2356a212c72c53a03";

std::optional<DataSegment> parsed(ByteView entry) {
  return parse_segment_entry(entry.first<kSegmentEntrySize>());
}

DataSegment segment(std::uint64_t index, std::uint64_t offset,
                    std::uint64_t size) {
  return {.index = index,
          .root = hash_pair({}, {}),
          .offset = PaddedOffset(offset),
          .size = PaddedSize(size)};
}

PieceSize piece_of(std::uint64_t padded) {
  return PieceSize::from_padded(PaddedSize(padded)).value();
}

// A piece of zeros but for its index, which has `segments` in their places.
class Aggregate final : public RandomAccessFile {
 public:
  Aggregate(PieceSize size, const std::vector<DataSegment>& segments)
      : size_(size.unpadded().bytes()) {
    Bytes padded(segment_index_place(size)->size.bytes());
    for (const DataSegment& one : segments) {
      std::ranges::copy(encode_segment_entry(one),
                        &padded[one.index * kSegmentEntrySize]);
    }
    index_.resize(padded.size() / kQuadPadded * kQuadUnpadded);
    fr32_unpad(padded, index_);
  }

  std::uint64_t size() const override { return size_; }
  Result<FileStamp> stamp() const override { return FileStamp{.size = size_}; }

  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    const std::size_t count = std::min<std::uint64_t>(
        out.size(), offset < size_ ? size_ - offset : 0);
    const std::uint64_t index_at = size_ - index_.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t at = offset + i;
      out[i] = at < index_at ? std::byte{0} : index_[at - index_at];
    }
    return count;
  }

 private:
  std::uint64_t size_;
  Bytes index_;
};

TEST(SegmentEntry, PublishedOnesAreReadAndWritten) {
  for (const auto& [text, offset, size] :
       {std::tuple(kFirstEntry, 0U, 524288U),
        std::tuple(kSecondEntry, 524288U, 262144U)}) {
    const Bytes entry = from_hex(text);
    const auto found = parsed(entry);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offset, PaddedOffset(offset));
    EXPECT_EQ(found->size, PaddedSize(size));
    EXPECT_EQ(to_hex(found->root), std::string(text, 64));
    EXPECT_TRUE(std::ranges::equal(encode_segment_entry(*found), entry));
  }
}

TEST(SegmentEntry, AnyWrongBitMakesItNone) {
  const Bytes entry = from_hex(kSecondEntry);
  for (std::size_t bit = 0; bit < entry.size() * 8; ++bit) {
    Bytes wrong = entry;
    wrong[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(parsed(wrong)) << bit;
  }
  EXPECT_FALSE(parsed(Bytes(kSegmentEntrySize)));
}

TEST(SegmentEntry, PartsOfQuadsAreNone) {
  for (const auto& [offset, size] :
       {std::pair(64U, 128U), std::pair(0U, 64U), std::pair(0U, 0U)}) {
    EXPECT_FALSE(parsed(encode_segment_entry(segment(0, offset, size))));
  }
}

TEST(DataSegment, LiesInThePayloadWithoutPadding) {
  const DataSegment one = segment(0, 512, 256);
  EXPECT_EQ(one.payload_offset(), UnpaddedOffset(508));
  EXPECT_EQ(one.payload_size(), UnpaddedSize(254));
}

TEST(SegmentIndexPlace, GrowsWithTheAggregate) {
  const auto entries = [](std::uint64_t padded) -> std::uint64_t {
    const auto place = segment_index_place(piece_of(padded));
    if (!place) return 0;
    EXPECT_EQ(place->offset.bytes() + place->size.bytes(), padded);
    return place->size.bytes() / kSegmentEntrySize;
  };
  EXPECT_EQ(entries(128), 0u);
  EXPECT_EQ(entries(256), 0u);
  EXPECT_EQ(entries(512), 4u);
  EXPECT_EQ(entries(1 << 19), 4u);
  EXPECT_EQ(entries(1 << 20), 8u);
  EXPECT_EQ(entries(std::uint64_t{1} << 30), 8192u);
  EXPECT_EQ(entries(std::uint64_t{32} << 30), 262144u);
  EXPECT_EQ(entries(std::uint64_t{64} << 30), 524288u);
}

TEST(ReadDataSegments, ThoseOfTheIndexInItsOrder) {
  const PieceSize size = piece_of(1 << 20);
  const std::vector<DataSegment> segments = {
      segment(0, 1024, 512), segment(1, 0, 128), segment(7, 131072, 131072)};
  EXPECT_THAT(read_data_segments(Aggregate(size, segments), size),
              IsOkAnd(segments));
}

TEST(ReadDataSegments, IndexOfManyReadsAndOnlyOneEntry) {
  const PieceSize size = piece_of(std::uint64_t{1} << 30);
  const std::vector<DataSegment> segments = {segment(8191, 0, 128)};
  EXPECT_THAT(read_data_segments(Aggregate(size, segments), size),
              IsOkAnd(segments));
}

TEST(ReadDataSegments, OrdinaryPieceHasNone) {
  for (const std::uint64_t padded : {128U, 256U, 512U, 1U << 20}) {
    const PieceSize size = piece_of(padded);
    EXPECT_THAT(
        read_data_segments(MemoryFile(Bytes(size.unpadded().bytes())), size),
        IsOkAnd(IsEmpty()));
  }
}

TEST(ReadDataSegments, FileThatEndsBeforeTheIndexHasNone) {
  const PieceSize size = piece_of(1 << 20);
  EXPECT_THAT(read_data_segments(MemoryFile(Bytes(1000)), size),
              IsOkAnd(IsEmpty()));
  EXPECT_THAT(read_data_segments(MemoryFile({}), size), IsOkAnd(IsEmpty()));
}

TEST(ReadDataSegments, FileCutAnywhereInTheIndexLosesOnlyWhatIsCut) {
  const PieceSize size = piece_of(4096);
  const std::vector<DataSegment> segments = {
      segment(0, 0, 128), segment(1, 128, 128), segment(2, 256, 128)};
  const Aggregate whole(size, segments);
  Bytes bytes(whole.size());
  ASSERT_THAT(whole.read_at(0, bytes), IsOkAnd(testing::_));
  for (std::size_t cut = 0; cut <= 300; ++cut) {
    const MemoryFile file(
        Bytes(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(cut)));
    const auto found = read_data_segments(file, size);
    ASSERT_THAT(found, IsOkAnd(testing::_));
    ASSERT_LE(found->size(), segments.size());
    EXPECT_TRUE(std::equal(found->begin(), found->end(), segments.begin()));
  }
}

TEST(ReadDataSegments, WhatReachesIntoTheIndexOrPastItIsLeftOut) {
  const PieceSize size = piece_of(4096);
  const std::uint64_t end = 4096 - 256;
  const std::uint64_t most = ~std::uint64_t{0} / 128 * 128;
  const std::vector<DataSegment> segments = {
      segment(0, 0, end), segment(1, 128, end), segment(2, most, 128),
      segment(3, 128, most)};
  EXPECT_THAT(read_data_segments(Aggregate(size, segments), size),
              IsOkAnd(ElementsAre(segments[0])));
}

TEST(DataSegmentFixtures, SampleAggregateHoldsTwoPieces) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  auto deal = tests::read_file(
      *tests::fixtures_folder() /
      "aux/filecoin-project__go-data-segment/datasegment/testdata/"
      "sample_aggregate/deal.data");
  ASSERT_THAT(deal, IsOkAnd(testing::_));
  const Bytes bytes = *deal;
  const MemoryFile file(std::move(deal).value());
  const PieceSize size = piece_of(1 << 20);

  const auto segments = read_data_segments(file, size);

  ASSERT_THAT(segments, IsOkAnd(SizeIs(2)));
  for (const DataSegment& one : *segments) {
    PieceHasher hasher;
    hasher.append(ByteView(bytes).subspan(one.payload_offset().bytes(),
                                          one.payload_size().bytes()));
    EXPECT_EQ(hasher.finish()->root, one.root);
  }
  PieceHasher hasher;
  hasher.append(bytes);
  EXPECT_EQ(piece_cid_v1(hasher.finish()->root).to_string(),
            "baga6ea4seaqnqkeoqevjjjfe46wo2lpfclcbmkyms4wkz5srou3vzmr3w3c72bq");
}

TEST(ReadDataSegments, ReadsTheEntriesAskedForOnly) {
  const PieceSize size = piece_of(1 << 20);
  const Aggregate aggregate(
      size, {segment(0, 0, 128), segment(1, 128, 128), segment(5, 256, 256)});
  const auto indexes = [&](std::uint64_t first, std::uint64_t count) {
    std::vector<std::uint64_t> found;
    const auto segments =
        read_data_segments(aggregate, size, {.first = first, .count = count});
    EXPECT_TRUE(segments.ok());
    for (const DataSegment& one : *segments) found.push_back(one.index);
    return found;
  };
  EXPECT_THAT(indexes(0, 1), ElementsAre(0U));
  EXPECT_THAT(indexes(1, 1), ElementsAre(1U));
  EXPECT_THAT(indexes(1, 5), ElementsAre(1U, 5U));
  EXPECT_THAT(indexes(2, 3), IsEmpty());
  EXPECT_THAT(indexes(5, ~std::uint64_t{0}), ElementsAre(5U));
  EXPECT_THAT(indexes(~std::uint64_t{0}, ~std::uint64_t{0}), IsEmpty());
}

}  // namespace
}  // namespace dagfs::mount
