// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/car_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "car/car_header.h"
#include "car/car_reader.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::Cid;
using car::Codec;
using car::IndexCodec;
using testing::ElementsAre;

// CID and block bytes of every section, as the reader sees them.
struct SeenSection {
  Cid cid;
  std::string text;

  friend bool operator==(const SeenSection&, const SeenSection&) = default;
};

std::vector<SeenSection> walk(const CarBuilder& builder) {
  const auto file = builder.file();
  const auto header = car::read_car_header(*file);
  EXPECT_TRUE(header.ok());
  car::SectionReader reader(*file, *header, car::ZeroSection::kEndsData,
                            header->first_section);
  std::vector<SeenSection> seen;
  while (true) {
    auto section = reader.next();
    EXPECT_TRUE(section.ok());
    if (!section.ok() || !section->has_value()) return seen;
    Bytes block((*section)->block.size);
    EXPECT_TRUE(file->read_at((*section)->block.offset, block).ok());
    seen.push_back({(*section)->cid.to_cid(), std::string(as_text(block))});
  }
}

TEST(CarBuilder, BlocksComeBackInOrderWithTheirBytes) {
  CarBuilder builder;
  const Cid a = builder.block("a");
  const Cid b = builder.block_v0(as_bytes("b"));
  const Cid c = builder.identity_block(Codec::kDagCbor, as_bytes("c"));
  builder.root(b).section(a, as_bytes("not a"));

  EXPECT_EQ(b.version(), 0u);
  EXPECT_TRUE(c.is_identity());
  EXPECT_THAT(walk(builder),
              ElementsAre(SeenSection{a, "a"}, SeenSection{b, "b"},
                          SeenSection{c, "c"}, SeenSection{a, "not a"}));
}

TEST(CarBuilder, PaddedVersion2HasItsPartsWhereItSays) {
  CarBuilder builder;
  builder.block("a");
  builder.data_padding(7).index_padding(5).fully_indexed();
  builder.index(IndexCodec::kMultihashIndexSorted);
  const Bytes index = builder.encoded_index(IndexCodec::kMultihashIndexSorted);

  const Bytes bytes = builder.bytes();
  const auto header = car::read_car_header(*builder.file());

  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->payload.offset, 58u);
  EXPECT_EQ(header->payload.size, builder.payload().size());
  EXPECT_TRUE(header->v2->fully_indexed());
  EXPECT_EQ(header->v2->index_offset, 58 + builder.payload().size() + 5);
  EXPECT_EQ(Bytes(bytes.end() - static_cast<std::ptrdiff_t>(index.size()),
                  bytes.end()),
            index);
}

TEST(CarBuilder, SectionsLieWhereTheReaderFindsThem) {
  CarBuilder builder;
  builder.block("first");
  builder.raw(as_bytes(std::string_view("\x00\x00", 2)));
  builder.data_padding(3);

  const auto header = car::read_car_header(*builder.file());
  const std::vector<BuiltSection> sections = builder.sections();

  ASSERT_TRUE(header.ok());
  ASSERT_EQ(sections.size(), 1u);
  EXPECT_EQ(sections[0].position, header->first_section);
  EXPECT_EQ(sections[0].block.size, 5u);
  EXPECT_EQ(sections[0].block.offset,
            54 + sections[0].position + sections[0].size - 5);
}

}  // namespace
}  // namespace dagfs::tests
