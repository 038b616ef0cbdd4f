// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/dag_pb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "car/ipld/protobuf.h"
#include "car/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::_;
using testing::Eq;
using testing::HasSubstr;
using testing::Optional;
using tests::bytes;
using tests::FailsWith;
using tests::IsOkAnd;

Result<DagPbNode> decode_pb(Bytes bytes) {
  return DagPbNode::decode(std::make_shared<const Bytes>(std::move(bytes)));
}

Cid cid_of(std::string_view content) {
  return Cid::of(Codec::kRaw, HashCode::kIdentity, as_bytes(content)).value();
}

// A PBLink with its fields in the order given; each is a letter: h, n, t.
Bytes link_of(std::string_view fields) {
  Bytes link;
  for (const char field : fields) {
    if (field == 'h') append_protobuf_bytes(1, cid_of("x").bytes(), &link);
    if (field == 'n') append_protobuf_bytes(2, as_bytes("name"), &link);
    if (field == 't') append_protobuf_varint(3, 7, &link);
  }
  return link;
}

// A PBNode: d for Data, l for a link.
Bytes node_of(std::string_view fields, std::string_view link = "hnt") {
  Bytes node;
  for (const char field : fields) {
    if (field == 'd') append_protobuf_bytes(1, as_bytes("data"), &node);
    if (field == 'l') append_protobuf_bytes(2, link_of(link), &node);
  }
  return node;
}

TEST(DagPbNode, ReadsLinksAndData) {
  const auto node = decode_pb(node_of("lld"));

  ASSERT_THAT(node, IsOkAnd(_));
  ASSERT_EQ(node->link_count(), 2u);
  const DagPbLink link = node->link(1);
  EXPECT_EQ(link.cid.to_cid(), cid_of("x"));
  EXPECT_THAT(link.name, Optional(Eq("name")));
  EXPECT_THAT(link.tsize, Optional(7u));
  EXPECT_EQ(node->link_name(0), "name");
  ASSERT_TRUE(node->data());
  EXPECT_EQ(as_text(*node->data()), "data");
}

TEST(DagPbNode, KeepsItsBlockAlive) {
  auto block = std::make_shared<const Bytes>(node_of("l"));
  const auto node = DagPbNode::decode(block);
  block.reset();
  EXPECT_EQ(node->link(0).name, "name");
}

TEST(DagPbNode, EmptyBlockIsANodeWithNothing) {
  const auto node = decode_pb({});
  ASSERT_THAT(node, IsOkAnd(_));
  EXPECT_EQ(node->link_count(), 0u);
  EXPECT_FALSE(node->data());
}

TEST(DagPbNode, EmptyDataIsNotAbsent) {
  const auto node = decode_pb(bytes({0x0a, 0x00}));
  ASSERT_THAT(node, IsOkAnd(_));
  ASSERT_TRUE(node->data());
  EXPECT_TRUE(node->data()->empty());
}

TEST(DagPbNode, NameAndTsizeMayBeAbsent) {
  const auto node = decode_pb(node_of("l", "h"));
  ASSERT_THAT(node, IsOkAnd(_));
  EXPECT_FALSE(node->link(0).name);
  EXPECT_FALSE(node->link(0).tsize);
  EXPECT_EQ(node->link_name(0), "");
}

TEST(DagPbNode, DataMayStandOnEitherSideOfTheLinks) {
  EXPECT_THAT(decode_pb(node_of("dll")), IsOkAnd(_));
  EXPECT_THAT(decode_pb(node_of("lld")), IsOkAnd(_));
}

TEST(DagPbNode, DataBetweenLinksIsCorrupt) {
  EXPECT_THAT(decode_pb(node_of("ldl")), FailsWith(ErrorCode::kCorrupt));
}

TEST(DagPbNode, DataTwiceIsCorrupt) {
  EXPECT_THAT(decode_pb(node_of("dd")), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(decode_pb(node_of("dld")), FailsWith(ErrorCode::kCorrupt));
}

TEST(DagPbNode, LinkFieldsOutOfOrderOrRepeatedAreCorrupt) {
  for (const std::string_view fields :
       {"", "n", "t", "nt", "nh", "th", "htn", "hh", "hnn", "htt", "hnht"}) {
    EXPECT_THAT(decode_pb(node_of("l", fields)), FailsWith(ErrorCode::kCorrupt))
        << fields;
  }
  for (const std::string_view fields : {"h", "hn", "ht", "hnt"}) {
    EXPECT_THAT(decode_pb(node_of("l", fields)), IsOkAnd(_)) << fields;
  }
}

TEST(DagPbNode, OtherFieldsAndWireTypesAreCorrupt) {
  const Bytes wrong[] = {
      bytes({0x1a, 0x00}),                    // Field 3.
      bytes({0x08, 0x00}),                    // Data as a varint.
      bytes({0x10, 0x00}),                    // Links as a varint.
      bytes({0x15, 0x00, 0x00, 0x00, 0x00}),  // Links as 32 bits.
      bytes({0x12, 0x02, 0x08, 0x00}),        // Hash as a varint.
      bytes({0x12, 0x02, 0x22, 0x00}),        // Field 4 of a link.
  };
  for (const Bytes& input : wrong) {
    EXPECT_THAT(decode_pb(input), FailsWith(ErrorCode::kCorrupt))
        << to_hex(input);
  }
}

TEST(DagPbNode, BytesAfterALinksCidAreCorrupt) {
  const Cid cid = cid_of("x");
  Bytes hash(cid.bytes().begin(), cid.bytes().end());
  hash.push_back(std::byte{0});
  Bytes link;
  append_protobuf_bytes(1, hash, &link);
  Bytes node;
  append_protobuf_bytes(2, link, &node);
  EXPECT_THAT(decode_pb(node), FailsWith(ErrorCode::kCorrupt));
}

TEST(DagPbNode, CutAtEveryByteFailsOrEndsAtAField) {
  const Bytes whole = node_of("lld");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(),
                    whole.begin() + static_cast<std::ptrdiff_t>(size));
    const bool at_a_field = cut == node_of("l") || cut == node_of("ll");
    EXPECT_EQ(decode_pb(cut).ok(), at_a_field) << size;
  }
}

TEST(DagPbNode, GreatestLengthsAreCorrupt) {
  for (const unsigned tag : {0x0au, 0x12u}) {
    EXPECT_THAT(decode_pb(bytes({tag, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0x01})),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(DagPbNode, BlockBeyondTheLimitIsExhausted) {
  EXPECT_THAT(decode_pb(Bytes(kNodeSizeMax + 1)),
              FailsWith(ErrorCode::kExhausted));
}

TEST(DagPbNode, ErrorNamesTheLink) {
  Bytes node = node_of("ll");
  append_protobuf_bytes(2, {}, &node);
  EXPECT_THAT(decode_pb(node).error().message(), HasSubstr("link 2: no Hash"));
}

TEST(EncodeDagPb, OrdersLinksByNameAndPutsDataLast) {
  const DagPbLinkToWrite links[] = {
      {.cid = cid_of("1"), .name = "b", .tsize = 1},
      {.cid = cid_of("2")},
      {.cid = cid_of("3"), .name = "a"},
      {.cid = cid_of("4"), .name = "b"},
      {.cid = cid_of("5"), .name = ""},
  };
  const Bytes encoded = encode_dag_pb(links, as_bytes("data"));

  const auto node = decode_pb(encoded);
  ASSERT_THAT(node, IsOkAnd(_));
  std::string order;
  for (std::size_t i = 0; i < node->link_count(); ++i) {
    order += as_text(node->link(i).cid.multihash.digest);
  }
  EXPECT_EQ(order, "25314");
  EXPECT_FALSE(node->link(0).name);
  EXPECT_THAT(node->link(1).name, Optional(Eq("")));
  EXPECT_THAT(node->link(3).tsize, Optional(1u));
  EXPECT_EQ(as_text(encoded).substr(encoded.size() - 6),
            std::string_view("\x0a\x04"
                             "data"));
}

TEST(IpldNodeOfDagPb, LeavesOutWhatIsAbsent) {
  const auto bare = ipld_node_of(decode_pb(node_of("l", "h")).value());
  ASSERT_THAT(bare, IsOkAnd(_));
  EXPECT_EQ(bare->find("Data"), nullptr);
  EXPECT_EQ(bare->find("Links")->as_list().front().as_map().size(), 1u);

  const auto full = ipld_node_of(decode_pb(node_of("ld")).value());
  ASSERT_THAT(full, IsOkAnd(_));
  EXPECT_EQ(as_text(full->find("Data")->as_bytes()), "data");
  const IpldNode& link = full->find("Links")->as_list().front();
  EXPECT_EQ(link.find("Hash")->as_link(), cid_of("x"));
  EXPECT_EQ(link.find("Name")->as_string(), "name");
  EXPECT_EQ(link.find("Tsize")->as_integer(), IpldInteger::of(7));
}

}  // namespace
}  // namespace dagfs::car
