// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/section_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "car/car_header.h"
#include "tests/support/car_builder.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::HasSubstr;
using tests::BuiltSection;
using tests::CarBuilder;
using tests::FailsWith;

// Scans bytes that arrive bit by bit, and notes what is told and read.
class Scan {
 public:
  explicit Scan(Bytes bytes, SectionScanner::Options options = {})
      : bytes_(std::move(bytes)),
        scanner(
            [this](std::uint64_t offset, std::span<std::byte> out) {
              EXPECT_EQ(offset, read_to_) << "read again, or not in order";
              read_to_ = offset + out.size();
              EXPECT_LE(read_to_, available_);
              std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset),
                          out.size(), out.begin());
              return ok_status();
            },
            with_first_section(options),
            [this](const Section& section, const Status&) {
              positions.push_back(section.position);
              return ok_status();
            }) {
    read_to_ = options.payload_offset + first_section();
  }

  Status to(std::uint64_t available, std::uint64_t payload_end) {
    available_ = available;
    return scanner.advance(available, payload_end);
  }
  Status all() { return to(bytes_.size(), bytes_.size()); }

 private:
  std::uint64_t first_section() const {
    return read_car_header(MemoryFile(bytes_))->first_section;
  }
  SectionScanner::Options with_first_section(SectionScanner::Options options) {
    options.position = first_section();
    return options;
  }

  Bytes bytes_;
  std::uint64_t read_to_ = 0;
  std::uint64_t available_ = 0;

 public:
  SectionScanner scanner;
  std::vector<std::uint64_t> positions;
};

std::vector<std::uint64_t> positions_of(const CarBuilder& builder) {
  std::vector<std::uint64_t> positions;
  for (const BuiltSection& section : builder.sections()) {
    positions.push_back(section.position);
  }
  return positions;
}

CarBuilder several_blocks() {
  CarBuilder builder;
  for (const char* text : {"", "a", "hello", "world", "five"}) {
    builder.block(text);
  }
  return builder;
}

TEST(SectionScanner, TellsEachSectionOnceHoweverTheFileGrows) {
  const CarBuilder builder = several_blocks();
  const Bytes bytes = builder.bytes();
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    Scan scan(bytes);
    for (std::uint64_t size = 0; size < bytes.size(); size += step) {
      ASSERT_TRUE(scan.to(size, SectionScanner::kUnknown).ok());
    }
    ASSERT_TRUE(scan.all().ok());
    EXPECT_EQ(scan.positions, positions_of(builder));
    EXPECT_EQ(scan.scanner.position(), bytes.size());
  }
}

TEST(SectionScanner, SectionIsToldAsSoonAsItIsWhole) {
  const CarBuilder builder = several_blocks();
  const Bytes bytes = builder.bytes();
  Scan scan(bytes);
  for (std::uint64_t size = 59; size <= bytes.size(); ++size) {
    ASSERT_TRUE(scan.to(size, SectionScanner::kUnknown).ok());
    std::size_t whole = 0;
    for (const BuiltSection& section : builder.sections()) {
      whole += section.position + section.size <= size ? 1 : 0;
    }
    EXPECT_EQ(scan.positions.size(), whole);
  }
}

TEST(SectionScanner, LargeSectionsPassThroughASmallWindow) {
  CarBuilder builder;
  for (const std::size_t size : {9'000'000U, 1U, 5'000'000U, 4'194'304U, 70U}) {
    builder.block(Codec::kRaw, Bytes(size, std::byte{3}));
  }
  const Bytes bytes = builder.bytes();
  for (const std::uint64_t step : {100'000U, 3'000'000U, 100'000'000U}) {
    Scan scan(bytes);
    for (std::uint64_t size = 0; size < bytes.size(); size += step) {
      ASSERT_TRUE(scan.to(size, SectionScanner::kUnknown).ok());
    }
    ASSERT_TRUE(scan.all().ok());
    EXPECT_EQ(scan.positions, positions_of(builder));
  }
}

TEST(SectionScanner, PayloadCutAnywhereIsCorruptBehindItsWholeSections) {
  const CarBuilder builder = several_blocks();
  const Bytes bytes = builder.bytes();
  std::vector<std::uint64_t> ends = {18};
  for (const BuiltSection& section : builder.sections()) {
    ends.push_back(section.position + section.size);
  }
  for (std::uint64_t size = 18; size <= bytes.size(); ++size) {
    Scan scan(bytes);
    const Status status = scan.to(size, size);
    const bool at_end = std::ranges::find(ends, size) != ends.end();
    EXPECT_EQ(status.ok(), at_end) << size;
    std::uint64_t last = 0;
    for (const std::uint64_t end : ends) last = end <= size ? end : last;
    EXPECT_EQ(scan.scanner.position(), last);
  }
}

TEST(SectionScanner, FirstWrongBlockIsNamedWithItsOffset) {
  for (int good = 0; good < 4; ++good) {
    CarBuilder builder;
    for (int i = 0; i < good; ++i) builder.block(std::to_string(i));
    const Cid cid =
        Cid::of(Codec::kRaw, HashCode::kSha2_256, as_bytes("x")).value();
    builder.section(cid, as_bytes("y"));
    builder.block("after");
    Scan scan(builder.bytes());

    const Status status = scan.all();

    ASSERT_THAT(status, FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(status.error().message(), HasSubstr(cid.to_string()));
    const auto position =
        builder.sections()[static_cast<std::size_t>(good)].position;
    EXPECT_THAT(status.error().message(),
                HasSubstr("section at " + std::to_string(position)));
    EXPECT_EQ(scan.positions.size(), static_cast<std::size_t>(good));
    EXPECT_EQ(scan.scanner.position(), position);
  }
}

TEST(SectionScanner, UnknownHashFunctionsFailUnlessLetThrough) {
  CarBuilder builder;
  const Bytes digest(32);
  builder.section(Cid::v1(Codec::kRaw, {HashCode{0x9999}, digest}),
                  as_bytes("x"));
  builder.block("after");

  Scan strict(builder.bytes());
  Scan lenient(builder.bytes(),
               {.unverifiable = SectionScanner::Unverifiable::kPasses});

  EXPECT_THAT(strict.all(), FailsWith(ErrorCode::kUnsupported));
  EXPECT_TRUE(lenient.all().ok());
  EXPECT_EQ(lenient.positions.size(), 2U);
}

TEST(SectionScanner, ZerosEndTheDataWhereTheyMay) {
  CarBuilder builder = several_blocks();
  const Bytes plain = builder.bytes();
  builder.zeros(5'000'000);
  const Bytes padded = builder.bytes();
  Scan strict(padded);
  Scan piece(padded, {.zero_section = ZeroSection::kEndsData});

  EXPECT_THAT(strict.all(), FailsWith(ErrorCode::kCorrupt));
  EXPECT_TRUE(piece.all().ok());
  EXPECT_EQ(piece.scanner.position(), plain.size());
}

TEST(SectionScanner, AnythingAfterTheZerosIsCorrupt) {
  CarBuilder builder = several_blocks();
  builder.zeros(5000);
  const std::size_t at = builder.bytes().size();
  builder.raw(tests::bytes({1}));
  Scan scan(builder.bytes(), {.zero_section = ZeroSection::kEndsData});

  const Status status = scan.all();

  ASSERT_THAT(status, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(status.error().message(), HasSubstr(std::to_string(at)));
}

TEST(SectionScanner, LengthsAtTheirMaximumAskForNoMemory) {
  for (const std::uint64_t length :
       {std::uint64_t{200} << 20, (std::uint64_t{1} << 63) - 1}) {
    CarBuilder builder;
    Bytes head;
    append_varint(length, &head);
    const Cid cid = Cid::of(Codec::kRaw, HashCode::kSha2_256, {}).value();
    head.insert(head.end(), cid.bytes().begin(), cid.bytes().end());
    builder.raw(head);
    const Bytes bytes = builder.bytes();
    Scan scan(bytes);
    scan.to(bytes.size(), SectionScanner::kUnknown).ok();
    EXPECT_THAT(Scan(bytes).all(), FailsWith(ErrorCode::kCorrupt));
  }
}

}  // namespace
}  // namespace dagfs::car
