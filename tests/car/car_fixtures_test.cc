// SPDX-License-Identifier: Apache-2.0 OR MIT

// Every CAR of the fixtures against what independent readers say of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "car/car_header.h"
#include "car/car_reader.h"
#include "car/index_comparison.h"
#include "tests/support/fixtures.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::ZeroSection;
using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const RandomAccessFile> open(const Fixture& fixture) {
  auto file = PosixFile::open(fixture.car.string());
  EXPECT_TRUE(file.ok()) << file.error().message();
  return std::shared_ptr<const RandomAccessFile>(*std::move(file));
}

bool is_readable(const Fixture& fixture) {
  return fixture.validity == Validity::kOk ||
         fixture.validity == Validity::kBadHash;
}

ExpectedTable expected_blocks(const Fixture& fixture) {
  auto table = expected_table(fixture, "blocks");
  EXPECT_TRUE(table.ok() && table->has_value());
  return **std::move(table);
}

// offset, length, data offset, data length, CID, verdict: as in the tables.
std::string describe(const car::CarHeader& header, const car::Section& section,
                     const Status& verdict) {
  std::string verify = "ok";
  if (!verdict.ok()) {
    verify = verdict.error().code() == ErrorCode::kUnsupported ? "unknown-hash"
                                                               : "BAD";
  }
  return std::to_string(header.payload.offset + section.position) + " " +
         std::to_string(section.size) + " " +
         std::to_string(section.block.offset) + " " +
         std::to_string(section.block.size) + " " +
         section.cid.to_cid().to_string() + " " + verify;
}

// The sections up to the end or the first error, which is appended.
std::vector<std::string> walk(const RandomAccessFile& file,
                              ZeroSection zero_section) {
  const auto header = car::read_car_header(file);
  if (!header.ok()) return {"error: " + header.error().message()};
  car::SectionReader reader(file, *header, zero_section, header->first_section);
  std::vector<std::string> lines;
  while (true) {
    auto section = reader.next();
    if (!section.ok()) {
      lines.push_back("error: " + section.error().message());
      return lines;
    }
    if (!section->has_value()) return lines;
    Bytes block((*section)->block.size);
    const Status read = file.read_at((*section)->block.offset, block);
    EXPECT_THAT(read, IsOkAnd(testing::_));
    lines.push_back(
        describe(*header, **section,
                 car::verify_bytes((*section)->cid.multihash, block)));
  }
}

std::vector<std::string> expected_lines(const ExpectedTable& table) {
  std::vector<std::string> lines;
  for (const std::vector<std::string>& row : table.rows) {
    const std::string verify = row[10] == "ok-truncated" ? "ok" : row[10];
    lines.push_back(row[1] + " " + row[2] + " " + row[3] + " " + row[4] + " " +
                    row[5] + " " + verify);
  }
  return lines;
}

// One test for all CARs and not one a CAR: a thousand processes would take
// longer to start than to run.
TEST(CarFixtures, SectionsAreThoseThatOtherReadersSee) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    const auto expected = expected_lines(expected_blocks(fixture));

    auto seen = walk(*open(fixture), ZeroSection::kEndsData);

    // Pieces: what a strict reader refuses is the end of their data.
    if (is_readable(fixture) || fixture.has_feature("zero-len-section")) {
      EXPECT_EQ(seen, expected);
      continue;
    }
    ASSERT_FALSE(seen.empty());
    EXPECT_THAT(seen.back(), StartsWith("error: "));
    seen.pop_back();
    // A CARv2 whose payload is longer than the file is refused before its
    // first section is read, where others read as far as they can.
    if (!seen.empty()) {
      EXPECT_EQ(seen, expected);
    }
  }
}

TEST(CarFixtures, StrictWalkFailsExactlyWhereStrictReadersDo) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);

    const auto seen = walk(*open(fixture), ZeroSection::kIsCorrupt);

    const bool failed = !seen.empty() && seen.back().starts_with("error: ");
    EXPECT_EQ(failed, fixture.status != "ok") << seen.back();
  }
}

TEST(CarFixtures, RootsAreThoseThatOtherReadersSee) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    const ExpectedTable table = expected_blocks(fixture);

    const auto header = car::read_car_header(*open(fixture));

    EXPECT_TRUE(header.ok() || !is_readable(fixture));
    if (!header.ok()) continue;
    std::vector<std::string> roots = {std::to_string(header->roots.size())};
    for (const car::Cid& root : header->roots) {
      roots.push_back(root.to_string());
    }
    EXPECT_EQ(roots, table.heading.at("roots"));
  }
}

void expect_every_section_is_found(const IndexedCar& car) {
  car::SectionReader reader(*car.file, car.header, ZeroSection::kEndsData,
                            car.header.first_section);
  std::uint64_t count = 0;
  while (true) {
    auto section = reader.next();
    ASSERT_TRUE(section.ok());
    if (!section->has_value()) break;
    const auto entries = car.index->find((*section)->cid.multihash);
    ASSERT_TRUE(entries.ok());
    EXPECT_THAT(*entries,
                testing::Contains(testing::Field(&car::IndexEntry::position,
                                                 (*section)->position)));
    ++count;
  }
  EXPECT_EQ(count, car.index->entry_count());
  EXPECT_EQ(count, car.summary.section_count);
}

TEST(CarFixtures, IndexFindsEverySectionUnderItsMultihash) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);

    const auto car = index_car(open(fixture));

    EXPECT_TRUE(car.ok() || !is_readable(fixture));
    if (car.ok()) expect_every_section_is_found(*car);
  }
}

// By CID: whether some copy of the block is right, and so must be served.
std::map<std::string, bool> servable_blocks(const Fixture& fixture) {
  std::map<std::string, bool> servable;
  for (const auto& row : expected_blocks(fixture).rows) {
    const bool good = row[10].starts_with("ok") || row[8] == "identity";
    servable[row[5]] = servable[row[5]] || good;
  }
  return servable;
}

TEST(CarFixtures, BlocksAreServedExactlyWhereSomeCopyIsGood) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    const auto car = index_car(open(fixture));
    if (!car.ok()) continue;
    const auto blockstore = car->blockstore();

    for (const auto& [text, servable] : servable_blocks(fixture)) {
      const auto cid = car::Cid::parse(text);
      ASSERT_TRUE(cid.ok());
      const auto block = blockstore->get(*cid);
      ASSERT_EQ(block.ok(), servable) << text;
      if (servable) {
        EXPECT_TRUE(car::verify_bytes(cid->multihash(), **block).ok()) << text;
      } else {
        EXPECT_THAT(block.error().message(), HasSubstr(text));
      }
    }
  }
}

// What the comparison must say of each index inside a CARv2, as it begins.
struct EmbeddedCase {
  const char* fixture;
  const char* verdict;
};

TEST(CarFixtures, EmbeddedIndicesAreComparedWithTheirPayloads) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  constexpr EmbeddedCase kCases[] = {
      {"go-car--sample-v1", "none"},
      {"go-car--sample-v2-indexless", "none"},
      {"mut-v2-index-zeroed-offset", "none"},
      {"go-car--sample-unixfs-v2", "matches"},
      {"ipld--specs__selectors__fixtures__selector-fixtures-adl", "matches"},
      {"index-provider--sample-wrapped-v2", "matches"},
      {"gocar-v2-padded-comic", "matches"},
      {"gocar-v2-noidentity-from-same", "matches"},
      {"gocar-v2-duplicate-blocks", "matches"},
      {"gocar-v2-indexsorted-mixed-digest-lengths", "matches"},
      {"gocar-create-v2-tree", "matches"},
      {"mut-v2-fully-indexed-claimed", "matches"},
      {"mut-v2-characteristics-unknown-2", "matches"},
      {"mut-v2-indexoffset-in-data", "differs: it is said to begin at 100"},
      {"mut-v2-index-codec-unknown", "differs: index at"},
      {"mut-v2-index-huge-count", "differs: index at"},
      {"mut-v2-index-negative-count", "differs: index at"},
      {"mut-v2-index-offsets-swapped", "differs: digest"},
      {"mut-v2-index-unsorted", "differs: "},
      {"mut-v2-index-missing-entry", "differs: "},
  };
  for (const EmbeddedCase& embedded : kCases) {
    SCOPED_TRACE(embedded.fixture);
    const Fixture* fixture = find_fixture(embedded.fixture);
    ASSERT_NE(fixture, nullptr);
    const auto car = index_car(open(*fixture));
    ASSERT_TRUE(car.ok()) << car.error().message();

    EXPECT_THAT(
        car::compare_embedded_index(car->file, car->header, *car->index),
        IsOkAnd(StartsWith(embedded.verdict)));
  }
}

}  // namespace
}  // namespace dagfs::tests
