// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;

TEST(ShardKey, AnyOtherFileNameIsAccepted) {
  for (const std::string& text :
       {std::string("baga6ea4seaqbx"), std::string("..."), std::string(".a"),
        std::string(" "), std::string("\xff\x01"), std::string(200, 'k')}) {
    const auto key = ShardKey::parse(text);
    ASSERT_TRUE(key.ok()) << text;
    EXPECT_EQ(key->text(), text);
  }
}

TEST(ShardKey, WhatIsNoFileNameIsInvalid) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {""sv, "."sv, ".."sv, "a/b"sv, "/"sv, "a\0b"sv}) {
    EXPECT_THAT(ShardKey::parse(text), FailsWith(ErrorCode::kInvalidArgument))
        << text;
  }
  EXPECT_THAT(ShardKey::parse(std::string(201, 'k')),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ShardKey, OfASegmentSaysSoAndIsNoKeyOfAShard) {
  const ShardKey aggregate = ShardKey::parse("piece").value();
  EXPECT_FALSE(aggregate.as_segment().has_value());
  const ShardKey key = ShardKey::of_segment(aggregate, 524'287);
  EXPECT_EQ(key.text(), "piece/segments/524287");
  EXPECT_FALSE(ShardKey::parse(key.text()).ok());
  const auto segment = key.as_segment();
  ASSERT_TRUE(segment.has_value());
  EXPECT_EQ(segment->aggregate, aggregate);
  EXPECT_EQ(segment->number, 524'287U);
}

}  // namespace
}  // namespace dagfs::dagstore
