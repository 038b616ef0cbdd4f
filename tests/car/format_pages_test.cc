// SPDX-License-Identifier: Apache-2.0 OR MIT

// The worked examples of docs/formats/car.md and index.md are right.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/car_builder.h"
#include "tests/support/format_page.h"
#include "tests/support/from_hex.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::Cid;
using car::Codec;
using car::IndexCodec;

// The CAR that both pages show.
CarBuilder example() {
  CarBuilder builder;
  builder.root(builder.block("hello"));
  builder.identity_block(Codec::kRaw, as_bytes("hi"));
  builder.index(IndexCodec::kMultihashIndexSorted).fully_indexed();
  return builder;
}

TEST(CarPage, ExampleIsTheCarThatItSays) {
  const Bytes car = example().bytes();

  EXPECT_EQ(hex_example("car.md"), to_hex(car));
  EXPECT_EQ(car.size(), 265u);
  EXPECT_EQ(example().sections()[0].cid.to_string(),
            "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq");
  EXPECT_EQ(example().sections()[1].cid.to_string(), "bafkqaatine");
}

TEST(CarPage, ExampleIsReadAsItSays) {
  const auto file =
      std::make_shared<MemoryFile>(from_hex(hex_example("car.md")));

  const auto car = index_car(file);

  ASSERT_THAT(car, IsOkAnd(testing::_));
  EXPECT_EQ(car->header.payload, (ByteRange{51, 110}));
  EXPECT_EQ(car->header.v2->index_offset, 161u);
  EXPECT_EQ(car->summary.section_count, 2u);
}

TEST(IndexPage, ExampleIsTheIndexThatIsBuilt) {
  EXPECT_EQ(hex_example("index.md"), to_hex(index_car(example()).index_bytes));
}

}  // namespace
}  // namespace dagfs::tests
