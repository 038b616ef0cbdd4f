// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/blocks_node.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::SizeIs;
using tests::attribute_of;
using tests::FailsWith;
using tests::IsOkAnd;

class Blocks : public TreeFixture {
 protected:
  NodePtr blocks() const { return at("shards/k/blocks"); }
  NodePtr block(const car::Cid& cid) const {
    return at("shards/k/blocks/" + cid.to_string());
  }
};

TEST_F(Blocks, ListsTheSectionsInTheirOrder) {
  tests::CarBuilder car;
  const car::Cid b = car.block("b");
  const car::Cid a = car.block("a");
  const car::Cid v0 = car.block_v0(as_bytes("zero"));
  add("k", car);
  for (const std::size_t room : {1U, 2U, 10U}) {
    EXPECT_THAT(tests::list(*blocks(), room).names(),
                ElementsAre(b.to_string(), a.to_string(), v0.to_string()));
  }
}

TEST_F(Blocks, NoneIsAnEmptyDirectory) {
  add("k", tests::CarBuilder());
  EXPECT_THAT(tests::list(*blocks()).names(), IsEmpty());
}

TEST_F(Blocks, ListingAgreesWithLookUp) {
  tests::CarBuilder car;
  car.block("a");
  car.block_v0(as_bytes("b"));
  car.identity_block(car::Codec::kRaw, as_bytes("c"));
  add("k", car);
  for (const auto& entry : tests::list(*blocks()).entries) {
    const Attributes found = attributes(*at("shards/k/blocks/" + entry.name));
    EXPECT_EQ(found.inode, entry.inode);
    EXPECT_EQ(found.type, entry.type);
    EXPECT_EQ(found.permissions, 0444U);
  }
}

TEST_F(Blocks, DuplicatesAreListedOnce) {
  tests::CarBuilder car;
  const car::Cid a = car.block("a");
  const car::Cid b = car.block("b");
  for (int i = 0; i < 20; ++i) car.section(a, as_bytes("a"));
  car.section(b, as_bytes("b"));
  const car::Cid c = car.block("c");
  add("k", car);
  for (const std::size_t room : {1U, 3U, 100U}) {
    EXPECT_THAT(tests::list(*blocks(), room).names(),
                ElementsAre(a.to_string(), b.to_string(), c.to_string()));
  }
}

TEST_F(Blocks, CidsThatShareAMultihashAreListedEach) {
  tests::CarBuilder car;
  const car::Cid raw = car.block("x");
  const car::Cid cbor = car::Cid::v1(car::Codec::kDagCbor, raw.multihash());
  car.section(cbor, as_bytes("x"));
  add("k", car);
  EXPECT_THAT(tests::list(*blocks()).names(),
              ElementsAre(raw.to_string(), cbor.to_string()));
}

TEST_F(Blocks, AreTheirBytes) {
  tests::CarBuilder car;
  const std::string large(300'000, 'x');
  const car::Cid cid = car.block(large);
  const car::Cid empty = car.block("");
  add("k", car);
  EXPECT_EQ(attributes(*block(cid)).size, large.size());
  EXPECT_THAT(tests::read_text(*block(cid)), IsOkAnd(large));
  EXPECT_THAT(tests::read_text(*block(empty)), IsOkAnd(""));
  EXPECT_EQ(attribute_of(*block(cid), "user.ipfs.cid"), cid.to_string());
  EXPECT_EQ(attribute_of(*block(cid), "ipfs.cid"), cid.to_string());
  EXPECT_EQ(attribute_of(*block(cid), "user.dagfs.shard"), "k");
  EXPECT_EQ(block(cid)->caching(), Caching::kForever);
}

TEST_F(Blocks, OfAnyCodecAreShownAsTheyAre) {
  tests::DagBuilder dag;
  const car::Cid file =
      dag.file(std::string(100, 'x'), {.chunk_size = 30, .links_max = 2});
  add("k", dag, {file});
  for (const tests::DagBlock& built : dag.blocks()) {
    EXPECT_THAT(tests::read_all(*block(built.cid)), IsOkAnd(built.bytes));
  }
}

TEST_F(Blocks, AreFoundByMultihashInAnySpelling) {
  tests::CarBuilder car;
  const car::Cid cid = car.block("x");
  add("k", car);
  const car::Cid other = car::Cid::v1(car::Codec::kDagPb, cid.multihash());
  EXPECT_THAT(tests::read_text(*block(other)), IsOkAnd("x"));
  const NodePtr hex = at("shards/k/blocks/f" + to_hex(cid.bytes()));
  EXPECT_EQ(attributes(*hex).inode, attributes(*block(cid)).inode);
}

TEST_F(Blocks, OtherNamesAreNotThere) {
  tests::CarBuilder car;
  car.block("x");
  add("k", car);
  tests::DagBuilder other;
  for (const std::string& name :
       {std::string("nonsense"), std::string(), std::string("%"),
        other.raw("y").to_string(),
        std::string(220, 'b') + "%~" + std::string(32, '0')}) {
    EXPECT_THAT(blocks()->lookup(name), IsOkAnd(IsNull())) << name;
  }
}

TEST_F(Blocks, IdentityOnesAreThereOnlyIfTheCarHasThem) {
  tests::CarBuilder car;
  const car::Cid inside =
      car.identity_block(car::Codec::kRaw, as_bytes("inside"));
  add("k", car);
  tests::DagBuilder dag;
  const car::Cid outside =
      dag.hash_with(car::HashCode::kIdentity).raw("outside");
  EXPECT_THAT(tests::read_text(*block(inside)), IsOkAnd("inside"));
  EXPECT_THAT(blocks()->lookup(outside.to_string()), IsOkAnd(IsNull()));
}

TEST_F(Blocks, CidsTooLongForANameAreShortened) {
  tests::CarBuilder car;
  car.block("before");
  const std::string text(300, 'i');
  const car::Cid cid = car.identity_block(car::Codec::kRaw, as_bytes(text));
  add("k", car);
  const auto listing = tests::list(*blocks());
  ASSERT_THAT(listing.entries, SizeIs(2));
  const std::string name = listing.entries[1].name;
  EXPECT_LE(name.size(), 255U);
  const NodePtr found = at("shards/k/blocks/" + name);
  EXPECT_THAT(tests::read_text(*found), IsOkAnd(text));
  EXPECT_EQ(attribute_of(*found, "user.dagfs.name"), cid.to_string());
  EXPECT_EQ(attributes(*found).inode, listing.entries[1].inode);
}

TEST_F(Blocks, WrongBytesAreNeverGiven) {
  tests::CarBuilder car;
  const car::Cid good = car.block("good");
  const car::Cid bad = tests::DagBuilder().raw("what it should be");
  car.section(bad, as_bytes("what it is, alas!"));
  add("k", car);
  const NodePtr node = block(bad);
  EXPECT_THAT(tests::read_all(*node), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(attribute_of(*node, "user.dagfs.error"),
              HasSubstr(bad.to_string()));
  EXPECT_THAT(node->attribute_names(), testing::Contains("user.dagfs.error"));
  EXPECT_THAT(tests::read_text(*block(good)), IsOkAnd("good"));
}

TEST_F(Blocks, WhatCannotBeCheckedIsUnsupported) {
  tests::CarBuilder car;
  Bytes cid_bytes = tests::bytes({0x01, 0x55, 0x99, 0x99, 0x01, 0x04});
  for (const unsigned byte : {1U, 2U, 3U, 4U}) {
    cid_bytes.push_back(static_cast<std::byte>(byte));
  }
  const car::Cid cid = car::Cid::from_bytes(cid_bytes).value();
  car.section(cid, as_bytes("anything"));
  add("k", car);
  EXPECT_EQ(attributes(*block(cid)).size, 8U);
  EXPECT_THAT(tests::read_all(*block(cid)), FailsWith(ErrorCode::kUnsupported));
}

TEST_F(Blocks, ManyAreListedWithoutHoldingThem) {
  tests::CarBuilder car;
  for (int i = 0; i < 5000; ++i) car.block(std::to_string(i));
  add("k", car);
  const tests::Listing listing = tests::list(*blocks(), 400);
  EXPECT_THAT(listing.entries, SizeIs(5000));
  // A seek to the middle goes on from there.
  const auto rest =
      tests::list(*blocks(), 400, listing.entries[2499].next_cookie);
  ASSERT_THAT(rest.entries, SizeIs(2500));
  EXPECT_EQ(rest.entries[0].name, listing.entries[2500].name);
}

}  // namespace
}  // namespace dagfs::fs
