// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_adopter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "car/car_verifier.h"
#include "car/ipld/varint.h"
#include "tests/support/car_builder.h"
#include "tests/support/fixtures.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::HasSubstr;
using tests::CarBuilder;
using tests::FailsWith;
using tests::IsOkAnd;

CarAdopter adopter_of(const Bytes& bytes) {
  return CarAdopter([&bytes](std::uint64_t offset, std::span<std::byte> out) {
    const ByteView rest = ByteView(bytes).subspan(offset);
    std::ranges::copy(rest.first(out.size()), out.begin());
    return ok_status();
  });
}

Bytes index_of(const CarAdopter& adopter) {
  const UniqueFd fd = create_temporary_file().value();
  EXPECT_TRUE(adopter.write_index(fd.get()).ok());
  const auto file = PosixFile::adopt(UniqueFd(::dup(fd.get()))).value();
  Bytes bytes(file->size());
  EXPECT_TRUE(file->read_at(0, bytes).ok());
  return bytes;
}

// What adopting gives is what reading the finished file gives.
void expect_same_as_indexed(const Bytes& bytes, const CarAdopter& adopter,
                            const CarAdopter::Adopted& adopted) {
  const auto indexed = tests::index_car(std::make_shared<MemoryFile>(bytes));
  ASSERT_TRUE(indexed.ok());
  EXPECT_EQ(adopted.header.version, indexed->header.version);
  EXPECT_EQ(adopted.header.roots, indexed->header.roots);
  EXPECT_EQ(adopted.header.payload, indexed->header.payload);
  EXPECT_EQ(adopted.header.first_section, indexed->header.first_section);
  EXPECT_EQ(adopted.summary.section_count, indexed->summary.section_count);
  EXPECT_EQ(adopted.summary.index_size, indexed->summary.index_size);
  EXPECT_EQ(adopted.summary.block_bytes, indexed->summary.block_bytes);
  EXPECT_EQ(adopted.summary.data_end, indexed->summary.data_end);
  EXPECT_EQ(adopted.summary.has_duplicates, indexed->summary.has_duplicates);
  EXPECT_EQ(index_of(adopter), indexed->index_bytes);
}

CarBuilder blocks_of_all_kinds() {
  CarBuilder builder;
  const Cid root = builder.block("hello");
  builder.root(root);
  builder.block_v0(as_bytes("world"));
  builder.block(Codec::kDagPb, HashCode::kBlake2b256, as_bytes("blake"));
  builder.identity_block(Codec::kRaw, as_bytes("identity"));
  builder.section(root, as_bytes("hello"));
  return builder;
}

std::vector<Bytes> good_cars() {
  CarBuilder padded = blocks_of_all_kinds();
  padded.zeros(300);
  CarBuilder version2 = blocks_of_all_kinds();
  version2.version2().index(IndexCodec::kMultihashIndexSorted);
  CarBuilder spaced = blocks_of_all_kinds();
  spaced.version2().data_padding(77).index_padding(5).zeros(50).index(
      IndexCodec::kIndexSorted);
  return {CarBuilder().bytes(), blocks_of_all_kinds().bytes(), padded.bytes(),
          version2.bytes(), spaced.bytes()};
}

TEST(CarAdopter, GivesWhatReadingTheFinishedFileGives) {
  for (const Bytes& bytes : good_cars()) {
    for (const unsigned step : {1U, 2U, 3U, 5U, 8U, 13U, 50U, 100U, 1000U}) {
      CarAdopter adopter = adopter_of(bytes);
      for (std::uint64_t size = 0; size < bytes.size(); size += step) {
        ASSERT_TRUE(adopter.advance(size).ok());
      }
      const auto adopted = adopter.finish(bytes.size());
      ASSERT_TRUE(adopted.ok());
      expect_same_as_indexed(bytes, adopter, *adopted);
    }
  }
}

TEST(CarAdopter, FileCutAnywhereIsCorruptButAtTheEndOfASection) {
  for (const Bytes& bytes : good_cars()) {
    for (std::uint64_t size = 0; size < bytes.size(); ++size) {
      const Bytes cut(bytes.begin(),
                      bytes.begin() + static_cast<std::ptrdiff_t>(size));
      CarAdopter adopter = adopter_of(cut);

      const auto adopted = adopter.finish(size);

      if (adopted.ok()) {
        expect_same_as_indexed(cut, adopter, *adopted);
      } else {
        EXPECT_THAT(adopted, FailsWith(ErrorCode::kCorrupt));
        EXPECT_FALSE(tests::index_car(std::make_shared<MemoryFile>(cut)).ok());
      }
    }
  }
}

TEST(CarAdopter, WrongBlockFailsAtOnceAndForGood) {
  CarBuilder builder = blocks_of_all_kinds();
  const Cid cid =
      Cid::of(Codec::kRaw, HashCode::kSha2_256, as_bytes("x")).value();
  const std::size_t offset = builder.bytes().size();
  builder.section(cid, as_bytes("y"));
  const std::size_t wrong_end = builder.bytes().size();
  builder.block("after");
  const Bytes bytes = builder.bytes();
  CarAdopter adopter = adopter_of(bytes);
  ASSERT_TRUE(adopter.advance(wrong_end - 1).ok());

  const Status status = adopter.advance(wrong_end);

  ASSERT_THAT(status, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(status.error().message(), HasSubstr(std::to_string(offset)));
  EXPECT_THAT(status.error().message(), HasSubstr(cid.to_string()));
  EXPECT_THAT(adopter.advance(bytes.size()), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(adopter.finish(bytes.size()), FailsWith(ErrorCode::kCorrupt));
}

TEST(CarAdopter, UnknownHashFunctionsAreCountedAndNamed) {
  CarBuilder builder;
  const Bytes digest(32);
  const Cid unknown = Cid::v1(Codec::kRaw, {HashCode{0x9999}, digest});
  builder.section(unknown, as_bytes("x")).section(unknown, as_bytes("y"));
  const Bytes bytes = builder.bytes();
  CarAdopter adopter = adopter_of(bytes);

  const auto adopted = adopter.finish(bytes.size());

  ASSERT_TRUE(adopted.ok());
  EXPECT_EQ(adopted->unverifiable_count, 2U);
  EXPECT_THAT(adopted->first_unverifiable, HasSubstr(unknown.to_string()));
}

TEST(CarAdopter, UnfinishedFileAndFilesOfOtherKindsAreCorrupt) {
  CarBuilder builder = blocks_of_all_kinds();
  builder.version2().unfinished();
  for (const Bytes& bytes :
       {builder.bytes(), Bytes(100, std::byte{'x'}), Bytes(100)}) {
    CarAdopter adopter = adopter_of(bytes);
    EXPECT_THAT(adopter.finish(bytes.size()), FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(CarAdopter, PayloadThatBeginsFarAwayIsWaitedForWithoutReading) {
  CarBuilder builder = blocks_of_all_kinds();
  builder.version2().data_padding(1'000'000);
  const Bytes bytes = builder.bytes();
  std::uint64_t read = 0;
  CarAdopter adopter([&](std::uint64_t offset, std::span<std::byte> out) {
    read += out.size();
    std::ranges::copy(ByteView(bytes).subspan(offset, out.size()), out.begin());
    return ok_status();
  });
  for (std::uint64_t size = 0; size < bytes.size(); size += 1000) {
    ASSERT_TRUE(adopter.advance(size).ok());
  }

  ASSERT_TRUE(adopter.finish(bytes.size()).ok());

  EXPECT_LT(read, 2000U);
}

TEST(CarAdopter, AgreesWithTheVerifierAboutEveryFixture) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  int adopted_count = 0;
  for (const tests::Fixture& fixture : tests::fixtures()) {
    SCOPED_TRACE(fixture.name);
    const std::shared_ptr<const RandomAccessFile> file =
        PosixFile::open(fixture.car.string()).value();
    if (file->size() > 5'000'000) continue;
    Bytes bytes(file->size());
    ASSERT_TRUE(file->read_at(0, bytes).ok());
    CarAdopter adopter = adopter_of(bytes);
    const auto adopted = adopter.finish(bytes.size());

    const auto header = read_car_header(*file);
    const CarSign sign = looks_like_car(
        ByteView(bytes).first(std::min<std::size_t>(bytes.size(), 5000)));
    const bool is_version2 =
        as_text(bytes).starts_with("\x0a\xa1\x67version\x02");
    EXPECT_EQ(sign == CarSign::kCar, header.ok() || is_version2);
    if (!header.ok()) {
      EXPECT_FALSE(adopted.ok());
      continue;
    }
    const auto report =
        verify_car(file, *header, {.zero_section = ZeroSection::kEndsData});
    const bool is_good = report.ok() && report->bad_count == 0;
    if (adopted.ok()) {
      ++adopted_count;
      EXPECT_TRUE(is_good);
      EXPECT_EQ(adopted->unverifiable_count, report->unverifiable_count);
      expect_same_as_indexed(bytes, adopter, *adopted);
    } else if (is_good) {
      EXPECT_THAT(adopted.error().message(), HasSubstr("section of length 0"));
    }
  }
  EXPECT_GT(adopted_count, 10);
}

TEST(LooksLikeCar, EveryBeginningOfACarMayBecomeOne) {
  CarBuilder many;
  const Cid root = many.block("root");
  for (int i = 0; i < 20; ++i) many.root(root);
  std::vector<Bytes> cars = good_cars();
  cars.push_back(many.bytes());
  for (const Bytes& bytes : cars) {
    bool seen = false;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      const CarSign sign = looks_like_car(ByteView(bytes).first(size));
      ASSERT_NE(sign, CarSign::kOther) << size;
      ASSERT_TRUE(sign == CarSign::kCar || !seen) << size;
      seen = sign == CarSign::kCar;
    }
    EXPECT_TRUE(seen);
  }
}

TEST(LooksLikeCar, LongHeadersAreJudgedByTheirBeginning) {
  CarBuilder builder;
  const Cid root = builder.block("root");
  for (int i = 0; i < 1000; ++i) builder.root(root);
  const Bytes bytes = builder.bytes();

  EXPECT_EQ(looks_like_car(ByteView(bytes).first(4000)), CarSign::kNeedsMore);
  EXPECT_EQ(looks_like_car(ByteView(bytes).first(4200)), CarSign::kCar);
  Bytes other = bytes;
  other[13] = std::byte{0};  // Of the first link's tag.
  EXPECT_EQ(looks_like_car(ByteView(other).first(4200)), CarSign::kOther);
}

TEST(LooksLikeCar, FilesOfOtherKindsAreKnownByTheirFirstBytes) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"hello world"sv, "\x7f\x45LF\2\1\1"sv, "\x1f\x8b\x08\0"sv, "PK\3\4"sv,
        "\x89PNG\r\n"sv, "\0"sv, "\xa2\x65roots"sv, "{\"roots\":[]}"sv,
        "\x11\xa2\x65rootz"sv, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv,
        // No roots, but a version of 2.
        "\x11\xa2\x65roots\x80\x67version\x02"sv,
        // Longer than any header.
        "\x81\x80\x80\x80\x01\xa2\x65roots"sv, "\x0a\xa1\x67version\x03"sv}) {
    EXPECT_EQ(looks_like_car(as_bytes(text)), CarSign::kOther) << text;
  }
  EXPECT_EQ(looks_like_car({}), CarSign::kNeedsMore);
  EXPECT_EQ(looks_like_car(as_bytes("\n"sv)), CarSign::kNeedsMore);
}

}  // namespace
}  // namespace dagfs::car
