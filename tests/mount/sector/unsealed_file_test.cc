// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/unsealed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/sector_builder.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using testing::HasSubstr;
using tests::FailsWith;
using tests::from_hex;
using tests::rewrite_trailer;
using tests::SectorBuilder;
using tests::TemporaryFolder;

constexpr std::uint64_t kSmallSector = 2048;

// A sector of zeros with that trailer, which is not stored.
class SparseSector final : public RandomAccessFile {
 public:
  SparseSector(std::uint64_t sector_size, Bytes trailer)
      : sector_size_(sector_size), trailer_(std::move(trailer)) {}

  std::uint64_t size() const override { return sector_size_ + trailer_.size(); }
  Result<FileStamp> stamp() const override { return FileStamp{.size = size()}; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    if (out.empty() || offset >= size()) return std::size_t{0};
    out.front() =
        offset < sector_size_ ? std::byte{0} : trailer_[offset - sector_size_];
    return std::size_t{1};
  }

 private:
  std::uint64_t sector_size_;
  Bytes trailer_;
};

SectorRange range_of(std::uint64_t offset, std::uint64_t size) {
  return {.offset = PaddedOffset(offset), .size = PaddedSize(size)};
}

Result<SectorTrailer> trailer_of(std::uint64_t sector_size, const char* hex) {
  return SectorTrailer::read(SparseSector(sector_size, from_hex(hex)));
}

TEST(SectorTrailer, ExamplesOfEverySectorSize) {
  constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
  const struct {
    std::uint64_t sector;
    const char* trailer;
    ByteRange allocated;
  } kExamples[] = {
      {2048, "00000000", {0, 0}},
      {2048, "04100203000000", {0, 2048}},
      {2048, "04100103000000", {0, 1024}},
      {2048, "005000400105000000", {256, 256}},
      {2048, "009000400205000000", {512, 512}},
      {8 << 20, "0410109004000000", {0, 8 << 20}},
      {512 << 20, "041010105005000000", {0, 512 << 20}},
      {32 * kGibibyte, "04101010103006000000", {0, 32 * kGibibyte}},
      {64 * kGibibyte, "04101010105006000000", {0, 64 * kGibibyte}},
      {32 * kGibibyte, "04101010100806000000", {0, 16 * kGibibyte}},
      {32 * kGibibyte,
       "00101010100440404040100b000000",
       {8 * kGibibyte, 8 * kGibibyte}},
  };
  for (const auto& example : kExamples) {
    const auto trailer = trailer_of(example.sector, example.trailer);
    ASSERT_TRUE(trailer.ok()) << trailer.error().message();
    const auto [offset, size] = example.allocated;
    EXPECT_EQ(trailer->sector_size().bytes(), example.sector);
    EXPECT_TRUE(trailer->is_allocated(range_of(offset, size)));
    EXPECT_FALSE(trailer->is_allocated(range_of(offset, size + 1)));
    if (offset > 0) {
      EXPECT_FALSE(trailer->is_allocated(range_of(offset - 1, 1)));
    }
  }
}

TEST(SectorTrailer, RangeAcrossAGapIsNotAllocated) {
  const auto trailer = trailer_of(2048, "043000c001000907000000");
  ASSERT_TRUE(trailer.ok());
  EXPECT_TRUE(trailer->is_allocated(range_of(0, 128)));
  EXPECT_TRUE(trailer->is_allocated(range_of(768, 256)));
  EXPECT_FALSE(trailer->is_allocated(range_of(0, 1024)));
  EXPECT_FALSE(trailer->is_allocated(range_of(128, 128)));
  EXPECT_FALSE(trailer->is_allocated(range_of(1024, 1)));
}

TEST(SectorTrailer, FileWithoutTrailerIsFullyAllocated) {
  const auto trailer = trailer_of(2048, "");
  ASSERT_TRUE(trailer.ok());
  EXPECT_TRUE(trailer->is_allocated(range_of(0, 2048)));
  EXPECT_FALSE(trailer->is_allocated(range_of(0, 2049)));
}

TEST(SectorTrailer, SmallerThanAnySectorIsCorrupt) {
  EXPECT_THAT(SectorTrailer::read(MemoryFile({})),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(SectorTrailer::read(MemoryFile(Bytes(2047))),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(SectorTrailer, CutAnywhereIsCorruptOrWithoutTrailer) {
  const Bytes whole = from_hex("005000400105000000");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const SparseSector cut(
        kSmallSector,
        {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_THAT(SectorTrailer::read(cut), FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(SectorTrailer, GreatestLengthIsCorruptAndTakesNoMemory) {
  EXPECT_THAT(trailer_of(2048, "041002ffffffff"),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(SectorTrailer, LongerThanOneMebibyteIsCorrupt) {
  Bytes trailer((1 << 20) + 1, std::byte{0xff});
  trailer.front() = std::byte{0xfc};
  for (const unsigned byte : {0x01U, 0x00U, 0x10U, 0x00U}) {
    trailer.push_back(static_cast<std::byte>(byte));
  }
  EXPECT_THAT(SectorTrailer::read(SparseSector(32ULL << 30, trailer)),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(SectorTrailer, AllocatedPastTheEndIsCorrupt) {
  // 8 MiB, in a sector of 2 KiB.
  EXPECT_THAT(trailer_of(2048, "0410109004000000"),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(SectorTrailer, BrokenRunsAreCorrupt) {
  EXPECT_THAT(trailer_of(2048, "0510020300000004"),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(trailer_of(2048, "0410020004000000"),
              FailsWith(ErrorCode::kCorrupt));
}

// The trailer that says [0, 1024), on its way to become another one.
class RewrittenSector : public testing::Test {
 protected:
  RewrittenSector() {
    SectorBuilder sector(kSmallSector);
    sector.allocate({{.first = 0, .count = 1024}}).write(path);
  }

  TemporaryFolder folder;
  const std::string path = folder.path("unsealed/s-t01000-1");
  const Bytes before = tests::sector_trailer({{.first = 0, .count = 1024}});
  const Bytes after = tests::sector_trailer(
      {{.first = 0, .count = 128}, {.first = 512, .count = 512}});
};

TEST_F(RewrittenSector, IsReadAgainUntilItIsWhole) {
  // The file still has the old length, and ends with half of the new trailer.
  rewrite_trailer(path, kSmallSector, ByteView(after).first(before.size()));
  unsigned pauses = 0;

  const auto opened = UnsealedFile::open(path, [&](unsigned attempt) {
    EXPECT_EQ(attempt, pauses++);
    if (pauses == 3) rewrite_trailer(path, kSmallSector, after);
  });

  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(pauses, 3U);
  EXPECT_TRUE(opened->trailer.is_allocated(range_of(512, 512)));
  EXPECT_FALSE(opened->trailer.is_allocated(range_of(128, 128)));
}

TEST_F(RewrittenSector, IsGivenUpInTheEnd) {
  rewrite_trailer(path, kSmallSector, ByteView(after).first(before.size()));
  unsigned pauses = 0;
  const auto opened =
      UnsealedFile::open(path, [&](unsigned /*attempt*/) { ++pauses; });
  EXPECT_THAT(opened, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(opened.error().message(), HasSubstr(path));
  EXPECT_EQ(pauses, 6U);
}

TEST_F(RewrittenSector, MissingFileIsNotWaitedFor) {
  const auto opened = UnsealedFile::open(folder.path("none"),
                                         [](unsigned /*attempt*/) { FAIL(); });
  EXPECT_THAT(opened, FailsWith(ErrorCode::kNotFound));
}

}  // namespace
}  // namespace dagfs::mount
