// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/car_builder.h"
#include "tests/support/fixtures.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::BlockFinding;
using car::CarReport;
using car::Cid;
using car::Codec;
using car::IndexCodec;
using car::VerifyOptions;
using car::ZeroSection;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::StartsWith;

Result<CarReport> verify(const CarBuilder& builder,
                         const VerifyOptions& options = {}) {
  const auto file = builder.file();
  const car::CarHeader header = DAGFS_TRY(car::read_car_header(*file));
  return car::verify_car(file, header, options);
}

// A CID of a hash function that nobody has.
Cid unknown_hash_cid() {
  const Bytes digest(32, std::byte{7});
  return Cid::v1(Codec::kRaw, {.code = static_cast<car::HashCode>(0x9999),
                               .digest = digest});
}

TEST(VerifyCar, SoundCarHasNoFindings) {
  CarBuilder builder;
  builder.root(builder.block("a"));
  builder.block("bc");
  builder.index(IndexCodec::kMultihashIndexSorted);

  const auto report = verify(builder);

  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->section_count, 2u);
  EXPECT_EQ(report->block_bytes, 3u);
  EXPECT_EQ(report->data_end, builder.payload().size());
  EXPECT_EQ(report->bad_count, 0u);
  EXPECT_THAT(report->missing_roots, IsEmpty());
  EXPECT_EQ(report->embedded_index, "matches");
}

TEST(VerifyCar, EmptyCarIsSound) {
  EXPECT_THAT(verify(CarBuilder()),
              IsOkAnd(Field(&CarReport::section_count, 0u)));
}

TEST(VerifyCar, BadBlocksAreListedWithCidAndOffset) {
  CarBuilder builder;
  const Cid good = builder.block("good");
  builder.section(good, as_bytes("evil"));
  builder.block("fine");

  const auto report = verify(builder);

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->bad_count, 1u);
  EXPECT_THAT(report->bad,
              ElementsAre(AllOf(Field(&BlockFinding::cid, good),
                                Field(&BlockFinding::offset,
                                      builder.sections()[1].block.offset))));
}

TEST(VerifyCar, UnknownHashFunctionsAreCountedApart) {
  CarBuilder builder;
  builder.section(unknown_hash_cid(), as_bytes("who knows"));

  const auto report = verify(builder);

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->bad_count, 0u);
  EXPECT_EQ(report->unverifiable_count, 1u);
  EXPECT_THAT(report->unverifiable,
              ElementsAre(Field(&BlockFinding::cid, unknown_hash_cid())));
}

TEST(VerifyCar, RootsThatNoSectionHoldsAreListed) {
  CarBuilder builder;
  CarBuilder elsewhere;
  const Cid missing = elsewhere.block("elsewhere");
  const Cid identity = elsewhere.identity_block(Codec::kRaw, as_bytes("here"));
  const Cid present = builder.block_v0(as_bytes("present"));
  const Cid same_block = Cid::v1(Codec::kDagPb, present.multihash());
  builder.root(missing).root(same_block).root(identity).root(missing);

  EXPECT_THAT(verify(builder), IsOkAnd(Field(&CarReport::missing_roots,
                                             ElementsAre(missing, missing))));
}

TEST(VerifyCar, ZeroPaddingIsRefusedUnlessItIsAPiece) {
  CarBuilder builder;
  builder.block("a");
  builder.zeros(100);

  EXPECT_THAT(verify(builder), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(verify(builder, {.zero_section = ZeroSection::kEndsData}),
              IsOkAnd(Field(&CarReport::section_count, 1u)));
}

TEST(VerifyCar, AnythingButZerosInThePaddingIsCorrupt) {
  CarBuilder builder;
  builder.block("a");
  builder.zeros(100);
  Bytes piece = builder.bytes();
  piece[piece.size() - 7] = std::byte{1};
  const auto file = std::make_shared<MemoryFile>(piece);
  const auto header = car::read_car_header(*file);
  const auto report =
      car::verify_car(file, *header, {.zero_section = ZeroSection::kEndsData});
  EXPECT_THAT(report, FailsWith(ErrorCode::kCorrupt));
}

TEST(VerifyCar, WrongIndexIsReported) {
  CarBuilder builder;
  builder.block("a");
  CarBuilder other;
  other.block("b");
  builder.index_bytes(other.encoded_index(IndexCodec::kMultihashIndexSorted));

  EXPECT_THAT(verify(builder), IsOkAnd(Field(&CarReport::embedded_index,
                                             StartsWith("differs: "))));
}

TEST(VerifyCar, CancelledVerificationIsUnavailable) {
  CarBuilder builder;
  builder.block("a");
  const std::atomic<bool> cancelled = true;

  EXPECT_THAT(verify(builder, {.cancelled = &cancelled}),
              FailsWith(ErrorCode::kUnavailable));
}

TEST(VerifyCar, ManySpansAndThreadsFindEveryBadBlock) {
  CarBuilder builder;
  const Bytes large(std::size_t{3} << 20, std::byte{1});
  const Cid cid = builder.block(Codec::kRaw, large);
  std::uint64_t walked = 0;
  for (int i = 0; i < 3; ++i) builder.section(cid, as_bytes("short"));
  for (int i = 0; i < 3; ++i) builder.section(cid, large);
  builder.section(cid, as_bytes("last"));

  const auto report =
      verify(builder, {.threads = 3, .progress = [&](std::uint64_t position) {
                         EXPECT_GT(position, walked);
                         walked = position;
                       }});

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->bad_count, 4u);
  EXPECT_EQ(walked, report->data_end);
  EXPECT_TRUE(std::ranges::is_sorted(report->bad, {}, &BlockFinding::offset));
}

// A file whose size was right when it was opened.
class ShrunkenFile final : public RandomAccessFile {
 public:
  ShrunkenFile(Bytes bytes, std::uint64_t readable)
      : bytes_(std::move(bytes)), readable_(readable) {}

  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    if (offset >= readable_) return std::size_t{0};
    const std::size_t count =
        std::min<std::uint64_t>(out.size(), readable_ - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count,
                out.begin());
    return count;
  }
  Result<FileStamp> stamp() const override { return FileStamp{}; }

 private:
  Bytes bytes_;
  std::uint64_t readable_;
};

TEST(VerifyCar, FileThatShrankMeanwhileFails) {
  CarBuilder builder;
  builder.block(Codec::kRaw, Bytes(100'000));
  const auto file = std::make_shared<ShrunkenFile>(builder.bytes(), 50'000);
  const auto header = car::read_car_header(*file);
  ASSERT_TRUE(header.ok());

  EXPECT_THAT(car::verify_car(file, *header, {}),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(VerifyCar, FixturesHaveTheBadBlocksThatOthersFind) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : fixtures()) {
    if (fixture.status != "ok") continue;
    SCOPED_TRACE(fixture.name);
    auto file = PosixFile::open(fixture.car.string());
    ASSERT_TRUE(file.ok());
    const std::shared_ptr<const RandomAccessFile> car = *std::move(file);
    const auto header = car::read_car_header(*car);
    ASSERT_TRUE(header.ok());
    const auto table = expected_table(fixture, "blocks");
    ASSERT_TRUE(table.ok() && table->has_value());

    const auto report = car::verify_car(car, *header, {});

    ASSERT_TRUE(report.ok()) << report.error().message();
    const auto& rows = (*table)->rows;
    EXPECT_EQ(report->section_count, rows.size());
    EXPECT_EQ(report->bad_count,
              static_cast<std::uint64_t>(std::ranges::count_if(
                  rows, [](const auto& row) { return row[10] == "BAD"; })));
  }
}

}  // namespace
}  // namespace dagfs::tests
