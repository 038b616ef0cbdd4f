// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/ipld_node.h"

#include <gtest/gtest.h>

#include <limits>

namespace dagfs::car {
namespace {

TEST(IpldInteger, HoldsEverySignedNumber) {
  using Limits = std::numeric_limits<std::int64_t>;
  EXPECT_EQ(IpldInteger::of(0).to_string(), "0");
  EXPECT_EQ(IpldInteger::of(-1).to_string(), "-1");
  EXPECT_EQ(IpldInteger::of(Limits::max()).to_string(), "9223372036854775807");
  EXPECT_EQ(IpldInteger::of(Limits::min()).to_string(), "-9223372036854775808");
}

TEST(IpldNode, FindLooksAmongTheKeysOfAMap) {
  const IpldNode map = IpldNode::map({{"a", IpldNode::boolean(true)}});
  ASSERT_NE(map.find("a"), nullptr);
  EXPECT_TRUE(map.find("a")->as_bool());
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(IpldNode().find("a"), nullptr);
}

TEST(IpldNode, LinksAreEqualWhenTheirCidsAre) {
  const Cid one = Cid::parse("bafkqaaa").value();
  const Cid other = Cid::parse("bafkqaatine").value();
  EXPECT_EQ(IpldNode::list({IpldNode::link(one)}),
            IpldNode::list({IpldNode::link(one)}));
  EXPECT_FALSE(IpldNode::link(one) == IpldNode::link(other));
  EXPECT_FALSE(IpldNode::link(one) == IpldNode::string("bafkqaaa"));
}

TEST(RepeatedKey, IsFoundWhereverItStands) {
  const IpldNode::Map entries = {
      {"b", IpldNode()}, {"a", IpldNode()}, {"b", IpldNode()}};
  EXPECT_EQ(repeated_key(entries), "b");
  EXPECT_EQ(repeated_key({{"b", IpldNode()}, {"a", IpldNode()}}), std::nullopt);
}

}  // namespace
}  // namespace dagfs::car
