// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "car/ipld/varint.h"
#include "car/limits.h"
#include "tests/support/car_builder.h"
#include "tests/support/counting_file.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::CarHeader;
using car::Cid;
using car::Codec;
using car::Section;
using car::SectionReader;
using car::ZeroSection;
using testing::HasSubstr;
using testing::SizeIs;

CarHeader header_of(const RandomAccessFile& file) {
  auto header = car::read_car_header(file);
  EXPECT_THAT(header, IsOkAnd(testing::_));
  return *std::move(header);
}

SectionReader reader_of(const RandomAccessFile& file,
                        ZeroSection zero_section = ZeroSection::kEndsData) {
  const CarHeader header = header_of(file);
  return {file, header, zero_section, header.first_section};
}

// A walk over the whole CAR that expects no error.
std::vector<BuiltSection> walk(const RandomAccessFile& file) {
  SectionReader reader = reader_of(file);
  std::vector<BuiltSection> sections;
  while (true) {
    auto section = reader.next();
    EXPECT_THAT(section, IsOkAnd(testing::_));
    if (!section.ok() || !section->has_value()) return sections;
    const Section& found = **section;
    sections.push_back(
        {found.cid.to_cid(), found.position, found.size, found.block});
  }
}

void expect_same(const std::vector<BuiltSection>& seen,
                 const std::vector<BuiltSection>& built) {
  ASSERT_THAT(seen, SizeIs(built.size()));
  for (std::size_t i = 0; i < built.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(seen[i].cid, built[i].cid);
    EXPECT_EQ(seen[i].position, built[i].position);
    EXPECT_EQ(seen[i].size, built[i].size);
    EXPECT_EQ(seen[i].block, built[i].block);
  }
}

// The message of the error that the first section gives.
std::string first_error(const CarBuilder& builder,
                        ZeroSection zero_section = ZeroSection::kEndsData) {
  const auto file = builder.file();
  SectionReader reader = reader_of(*file, zero_section);
  const auto section = reader.next();
  EXPECT_THAT(section, FailsWith(ErrorCode::kCorrupt));
  return section.ok() ? "" : section.error().message();
}

TEST(SectionReader, CarWithoutSectionsEndsAtOnce) {
  EXPECT_THAT(walk(*CarBuilder().file()), SizeIs(0));
}

TEST(SectionReader, SmallLargeAndEmptyBlocksAreFoundWhereTheyAre) {
  CarBuilder builder;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 200; ++i) builder.block(std::to_string(round * i));
    for (int i = 0; i < 5; ++i) builder.block(Codec::kRaw, Bytes(70'000));
    builder.block("");
    builder.block_v0(as_bytes("zero"));
  }
  builder.data_padding(4000).index_padding(1);

  expect_same(walk(*builder.file()), builder.sections());
}

TEST(SectionReader, CidAsLongAsAllowedCrossesEveryWindow) {
  CarBuilder builder;
  const Bytes digest(car::kCidSizeMax - 5, std::byte{7});
  for (int i = 0; i < 300; ++i) {
    builder.block(Codec::kRaw, Bytes(static_cast<std::size_t>(i * 7)));
    builder.identity_block(Codec::kRaw, digest);
  }
  EXPECT_EQ(builder.sections().back().cid.bytes().size(), car::kCidSizeMax);

  expect_same(walk(*builder.file()), builder.sections());
}

TEST(SectionReader, StartsWhereASectionWasSeen) {
  CarBuilder builder;
  builder.block("a");
  const Cid second = builder.block("b");
  const auto file = builder.file();

  SectionReader reader(*file, header_of(*file), ZeroSection::kEndsData,
                       builder.sections()[1].position);
  const auto section = reader.next();

  ASSERT_TRUE(section.ok() && section->has_value());
  EXPECT_EQ((*section)->cid.to_cid(), second);
  EXPECT_EQ(reader.position(), builder.payload().size());
}

TEST(SectionReader, DataOfLargeBlocksIsNotRead) {
  CarBuilder builder;
  for (int i = 0; i < 50; ++i) {
    builder.block(Codec::kRaw, Bytes(100'000 + static_cast<std::size_t>(i)));
  }
  const CountingFile file(builder.file());

  EXPECT_THAT(walk(file), SizeIs(50));
  EXPECT_LT(file.bytes(), 50u * 8192);
  EXPECT_LT(file.reads(), 60u);
}

TEST(SectionReader, SmallBlocksAreReadManyAtATime) {
  CarBuilder builder;
  const Bytes block(200);
  for (int i = 0; i < 10'000; ++i) {
    builder.section(
        Cid::v1(Codec::kRaw, {car::HashCode::kSha2_256,
                              as_bytes("0123456789abcdef0123456789abcdef")}),
        block);
  }
  const CountingFile file(builder.file());

  EXPECT_THAT(walk(file), SizeIs(10'000));
  EXPECT_LT(file.reads(), 30u);
}

TEST(SectionReader, ZeroLengthEndsAPieceAndFailsAStrictWalk) {
  CarBuilder builder;
  builder.zeros(3);
  builder.block("never seen");

  EXPECT_THAT(walk(*builder.file()), SizeIs(0));
  EXPECT_THAT(first_error(builder, ZeroSection::kIsCorrupt),
              HasSubstr("section at 18: its length is 0"));
}

TEST(SectionReader, CutAtEveryByteIsCorruptAndStaysWhereItWas) {
  CarBuilder builder;
  builder.block("first");
  builder.block("second");
  const Bytes car = builder.bytes();
  const auto sections = builder.sections();

  for (std::size_t size = sections[1].position + 1; size < car.size(); ++size) {
    SCOPED_TRACE(size);
    const MemoryFile file(
        Bytes(car.begin(), car.begin() + static_cast<std::ptrdiff_t>(size)));
    SectionReader reader = reader_of(file);
    EXPECT_THAT(reader.next(), IsOkAnd(testing::_));
    EXPECT_THAT(reader.next(), FailsWith(ErrorCode::kCorrupt));
    EXPECT_EQ(reader.position(), sections[1].position);
    EXPECT_THAT(reader.next(), FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(SectionReader, LargestLengthIsCorrupt) {
  CarBuilder builder;
  builder.raw(from_hex("ffffffffffffffff7f"));

  EXPECT_THAT(first_error(builder), HasSubstr("runs"));
}

TEST(SectionReader, SectionPastThePayloadIsCorruptThoughTheFileGoesOn) {
  CarBuilder builder;
  builder.raw(
      from_hex("2a"
               "0155"
               "0000"));
  builder.index_padding(100);

  EXPECT_THAT(first_error(builder), HasSubstr("past the payload"));
}

TEST(SectionReader, MalformedCidsAreCorrupt) {
  for (const char* section :
       {"0100", "0201", "050255000000", "0401550020", "021220",
        "0a01808080808080808080", "0401d50000", "0401551241"}) {
    SCOPED_TRACE(section);
    CarBuilder builder;
    builder.raw(from_hex(section));
    EXPECT_THAT(first_error(builder), HasSubstr("section at 18: "));
  }
}

// A file that is said to be larger than memory, zero but for its start.
class HugeFile final : public RandomAccessFile {
 public:
  HugeFile(Bytes start, std::uint64_t size)
      : start_(std::move(start)), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = offset + i < start_.size() ? start_[offset + i] : std::byte{};
    }
    return out.size();
  }
  Result<FileStamp> stamp() const override { return FileStamp{}; }

 private:
  Bytes start_;
  std::uint64_t size_;
};

// A CAR whose one block is `block_size` bytes of zeros.
HugeFile one_huge_block(std::uint64_t block_size) {
  CarBuilder builder;
  CarBuilder other;
  const Cid cid = other.block("x");
  Bytes head;
  car::append_varint(cid.bytes().size() + block_size, &head);
  head.insert(head.end(), cid.bytes().begin(), cid.bytes().end());
  builder.raw(head);
  const Bytes bytes = builder.bytes();
  return {bytes, bytes.size() + block_size};
}

TEST(SectionReader, BlockAsLargeAsAllowedIsFineOneByteMoreIsNot) {
  const HugeFile allowed = one_huge_block(car::kBlockSizeMax);
  const HugeFile forbidden = one_huge_block(car::kBlockSizeMax + 1);

  EXPECT_THAT(walk(allowed), SizeIs(1));
  SectionReader reader = reader_of(forbidden);
  EXPECT_THAT(reader.next(), FailsWith(ErrorCode::kCorrupt));
}

TEST(SectionReader, ReadErrorsArePassedOnAndCanHeal) {
  CarBuilder builder;
  builder.block("a");
  CountingFile file(builder.file());
  SectionReader reader = reader_of(file);

  file.fail_at(builder.sections()[0].position);
  EXPECT_THAT(reader.next(), FailsWith(ErrorCode::kIo));
  file.fail_at(CountingFile::kNowhere);
  EXPECT_THAT(reader.next(), IsOkAnd(testing::_));
}

}  // namespace
}  // namespace dagfs::tests
