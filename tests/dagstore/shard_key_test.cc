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

}  // namespace
}  // namespace dagfs::dagstore
