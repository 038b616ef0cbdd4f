// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Split, KeepsEmptyPartsAndAlwaysGivesOne) {
  EXPECT_THAT(split("a\t\tb", '\t'), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(ReadLines, AbsentFileIsNotFound) {
  EXPECT_THAT(read_lines("/nonexistent/x.tsv"),
              FailsWith(ErrorCode::kNotFound));
}

TEST(Fixtures, EveryInventoriedCarIsThere) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  EXPECT_THAT(fixtures(), Not(IsEmpty()));
  for (const Fixture& fixture : fixtures()) {
    EXPECT_TRUE(std::filesystem::exists(fixture.car)) << fixture.car;
  }
}

TEST(ExpectedTable, ReadsHeadingAndRowsGzippedOrNot) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const std::string_view name :
       {"go-car--simple-unixfs-missing-blocks", "go-car--sample-v1"}) {
    const Fixture* fixture = find_fixture(name);
    ASSERT_NE(fixture, nullptr) << name;
    const auto table = expected_table(*fixture, "tree");
    ASSERT_TRUE(table.ok()) << table.error().message();
    ASSERT_TRUE(table->has_value()) << name;
    EXPECT_THAT((*table)->heading.at("roots"), Not(IsEmpty()));
    for (const auto& row : (*table)->rows) EXPECT_THAT(row, SizeIs(8));
  }
}

TEST(ExpectedTable, KindThatNobodyWroteIsAbsent) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  EXPECT_THAT(expected_table(fixtures().front(), "nothing"),
              IsOkAnd(testing::Eq(std::nullopt)));
}

}  // namespace
}  // namespace dagfs::tests
