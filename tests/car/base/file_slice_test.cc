// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/file_slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs {
namespace {

TEST(FileSlice, ReadsItsStretchAndNoMore) {
  const auto file =
      std::make_shared<MemoryFile>(tests::bytes({0, 1, 2, 3, 4, 5}));
  const FileSlice slice(file, {.offset = 2, .size = 3});
  EXPECT_EQ(slice.size(), 3U);
  EXPECT_EQ(slice.stamp().value().size, 3U);

  Bytes out(5);
  EXPECT_THAT(slice.read_some_at(0, out), tests::IsOkAnd(3U));
  EXPECT_EQ(out, tests::bytes({2, 3, 4, 0, 0}));
  EXPECT_THAT(slice.read_some_at(2, out), tests::IsOkAnd(1U));
  EXPECT_THAT(slice.read_some_at(3, out), tests::IsOkAnd(0U));
}

TEST(FileSlice, MayBeEmptyAtTheEnd) {
  const auto file = std::make_shared<MemoryFile>(tests::bytes({1}));
  const FileSlice slice(file, {.offset = 1, .size = 0});
  Bytes out(1);
  EXPECT_THAT(slice.read_some_at(0, out), tests::IsOkAnd(0U));
}

}  // namespace
}  // namespace dagfs
