// SPDX-License-Identifier: Apache-2.0 OR MIT

// Nodes that are not UnixFS: dag-cbor, dag-json and plain dag-pb.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "car/ipld/dag_cbor.h"
#include "fs/nodes/ipld_directory_node.h"
#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using car::IpldNode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNull;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using tests::attribute_of;
using tests::FailsWith;
using tests::IsOkAnd;

class Ipld : public TreeFixture {
 protected:
  car::Cid json(std::string_view text) {
    return dag.block(car::Codec::kDagJson, as_bytes(text));
  }
  car::Cid cbor(const IpldNode& node) {
    return dag.block(car::Codec::kDagCbor, car::encode_dag_cbor(node).value());
  }
  std::string link_to(const car::Cid& cid) {
    return fmt::format(R"({{"/":"{}"}})", cid.to_string());
  }
  std::string text_at(const car::Cid& cid, std::string_view path) {
    return tests::read_text(*below("k", cid, path)).value();
  }

  tests::DagBuilder dag;
};

TEST_F(Ipld, MapIsADirectoryOfItsEntries) {
  const std::string text =
      R"({"flag":true,"list":[1,[2.5]],"map":{"x":null},"text":"hi"})";
  const car::Cid top = json(text);
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top), 2).names(),
              ElementsAre(".node.json", "flag", "list", "map", "text"));
  EXPECT_EQ(text_at(top, "flag"), "true");
  EXPECT_EQ(text_at(top, "text"), "\"hi\"");
  EXPECT_EQ(text_at(top, "map/x"), "null");
  EXPECT_EQ(text_at(top, "list/0"), "1");
  EXPECT_EQ(text_at(top, "list/1/0"), "2.5");
  EXPECT_EQ(text_at(top, ".node.json"), text);
  EXPECT_EQ(text_at(top, "list/.node.json"), "[1,[2.5]]");
  EXPECT_THAT(below("k", top)->lookup("nobody"), IsOkAnd(IsNull()));
}

TEST_F(Ipld, ListingAgreesWithLookUp) {
  const car::Cid leaf = dag.raw("leaf");
  const car::Cid top = json(R"({"a":[],"b":)" + link_to(leaf) + R"(,"c":1})");
  add("k", dag, {top});
  const NodePtr node = below("k", top);
  for (const auto& entry : tests::list(*node).entries) {
    const Attributes found = attributes(*below("k", top, entry.name));
    EXPECT_EQ(found.inode, entry.inode);
    EXPECT_EQ(found.type, entry.type);
  }
}

TEST_F(Ipld, ListPositionsAreSpelledOneWay) {
  const car::Cid top = json("[10,11,12,13,14,15,16,17,18,19,20]");
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top)).entries, SizeIs(12));
  EXPECT_EQ(text_at(top, "10"), "20");
  for (const char* name :
       {"11", "01", "+1", "-0", "1 ", "", "x", "99999999999999999999999"}) {
    EXPECT_THAT(below("k", top)->lookup(name), IsOkAnd(IsNull())) << name;
  }
}

TEST_F(Ipld, LinksLeadToTheirTargets) {
  const car::Cid file = dag.file("content");
  const car::Cid inner = json(R"({"deep":)" + link_to(file) + "}");
  const car::Cid top = json(R"({"here":[)" + link_to(inner) + "]}");
  add("k", dag, {top});
  EXPECT_EQ(text_at(top, "here/0/deep"), "content");
  EXPECT_EQ(attribute_of(*below("k", top, "here/0/deep"), "user.ipfs.cid"),
            file.to_string());
  EXPECT_EQ(attribute_of(*below("k", top, "here/0"), "user.ipfs.cid"),
            inner.to_string());
  EXPECT_EQ(attribute_of(*below("k", top, "here"), "user.ipfs.cid"), "");
}

TEST_F(Ipld, MissingTargetIsAFileThatCannotBeOpened) {
  tests::DagBuilder other;
  const car::Cid lost = other.raw("lost");
  const car::Cid top = json(R"({"l":)" + link_to(lost) + "}");
  add("k", dag, {top});
  EXPECT_FALSE(below("k", top, "l")->open_file().ok());
  EXPECT_THAT(attribute_of(*below("k", top, "l"), "user.dagfs.error"),
              HasSubstr(lost.to_string()));
}

TEST_F(Ipld, ScalarRootIsAFile) {
  const car::Cid top = json("42");
  add("k", dag, {top});
  EXPECT_EQ(text_at(top, ""), "42");
  EXPECT_EQ(attributes(*below("k", top)).size, 2U);
  EXPECT_EQ(attribute_of(*below("k", top), "user.ipfs.cid"), top.to_string());
}

TEST_F(Ipld, LinkRootLeadsOn) {
  const car::Cid file = dag.raw("end");
  const car::Cid second = json(link_to(file));
  const car::Cid top = json(link_to(second));
  add("k", dag, {top});
  EXPECT_EQ(text_at(top, ""), "end");
  EXPECT_EQ(attribute_of(*below("k", top), "user.ipfs.cid"), file.to_string());
}

TEST_F(Ipld, EndlessChainOfLinksIsGivenUp) {
  car::Cid top = dag.raw("end");
  for (int i = 0; i < 10'000; ++i) top = json(link_to(top));
  add("k", dag, {top});
  EXPECT_NE(attribute_of(*below("k", top), "user.dagfs.error"), "");
}

TEST_F(Ipld, CborIsShownLikeJson) {
  const car::Cid leaf = dag.raw("leaf");
  const car::Cid top = cbor(
      IpldNode::map({{"bytes", IpldNode::bytes(tests::bytes({1, 2}))},
                     {"link", IpldNode::link(leaf)},
                     {"number", IpldNode::integer(car::IpldInteger::of(-7))}}));
  add("k", dag, {top});
  EXPECT_EQ(text_at(top, "bytes"), R"({"/":{"bytes":"AQI"}})");
  EXPECT_EQ(text_at(top, "number"), "-7");
  EXPECT_EQ(text_at(top, "link"), "leaf");
}

TEST_F(Ipld, TextThatIsNotUtf8IsShownAllTheSame) {
  // Filecoin's genesis block holds such strings.
  const car::Cid top =
      dag.block(car::Codec::kDagCbor, as_bytes("\xa1\x61s\x62\xff\xfe"));
  add("k", dag, {top});
  EXPECT_THAT(text_at(top, "s"), HasSubstr("dcff"));
  EXPECT_THAT(text_at(top, ".node.json"), HasSubstr("dcff"));
}

TEST_F(Ipld, UndecodableBlockIsItsBytesAndSaysWhy) {
  const car::Cid bad_json = json("{\"a\":");
  const car::Cid bad_cbor =
      dag.block(car::Codec::kDagCbor, as_bytes("\xa1 garbage"));
  add("k", dag, {bad_json, bad_cbor});
  EXPECT_EQ(text_at(bad_json, ""), "{\"a\":");
  EXPECT_EQ(text_at(bad_cbor, ""), "\xa1 garbage");
  for (const car::Cid& cid : {bad_json, bad_cbor}) {
    EXPECT_THAT(attribute_of(*below("k", cid), "user.dagfs.error"),
                HasSubstr(cid.to_string()));
  }
}

TEST_F(Ipld, CorruptBlockIsAFileThatCannotBeOpened) {
  tests::DagBuilder other;
  const car::Cid cid = other.block(car::Codec::kDagJson, as_bytes("{}"));
  tests::CarBuilder car;
  car.root(cid).section(cid, as_bytes("[]"));
  add("k", car);
  EXPECT_THAT(below("k", cid)->open_file(), FailsWith(ErrorCode::kCorrupt));
}

TEST_F(Ipld, AwkwardKeysAreEscaped) {
  const car::Cid top =
      json(R"({"":1,".":2,".node.json":3,"a/b":4,"%2Enode.json":5,"plain":6})");
  add("k", dag, {top});
  // ".node.json" of the data gives way twice: to ours, and to the entry that is
  // really called what it would be escaped to.
  EXPECT_THAT(tests::list(*below("k", top)).names(),
              UnorderedElementsAre(".node.json", "%", "%2E", "%2Enode.json",
                                   "a%2Fb", "plain"));
  EXPECT_EQ(text_at(top, "%"), "1");
  EXPECT_EQ(text_at(top, "%2E"), "2");
  EXPECT_EQ(text_at(top, "a%2Fb"), "4");
  EXPECT_EQ(text_at(top, "%2Enode.json"), "5");
  EXPECT_EQ(attribute_of(*below("k", top, "a%2Fb"), "user.dagfs.name"), "a/b");
}

TEST_F(Ipld, AKeyCalledLikeOurFileIsShownEscaped) {
  const car::Cid top = json(R"({".node.json":3})");
  add("k", dag, {top});
  EXPECT_EQ(text_at(top, ".node.json"), R"({".node.json":3})");
  EXPECT_EQ(text_at(top, "%2Enode.json"), "3");
  EXPECT_EQ(attribute_of(*below("k", top, "%2Enode.json"), "user.dagfs.name"),
            ".node.json");
}

TEST_F(Ipld, KeysTooLongForANameAreShortened) {
  const std::string key(400, 'k');
  const car::Cid top = json("{\"" + key + "\":1}");
  add("k", dag, {top});
  const auto listing = tests::list(*below("k", top));
  ASSERT_THAT(listing.entries, SizeIs(2));
  const NodePtr found = below("k", top, listing.entries[1].name);
  EXPECT_EQ(attribute_of(*found, "user.dagfs.name"), key);
  EXPECT_THAT(tests::read_text(*found), IsOkAnd("1"));
}

TEST_F(Ipld, LargeMapsAreFoundQuickly) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) {
    if (i > 0) text += ',';
    text += fmt::format("\"key-{:05}\":{}", i, i);
  }
  const car::Cid top = json(text + "}");
  add("k", dag, {top});
  const NodePtr node = below("k", top);
  EXPECT_THAT(tests::list(*node, 400).entries, SizeIs(20'001));
  for (int i = 0; i < 20'000; i += 100) {
    const auto found = node->lookup(fmt::format("key-{:05}", i));
    ASSERT_TRUE(found.ok() && *found);
    EXPECT_THAT(tests::read_text(**found), IsOkAnd(std::to_string(i)));
  }
  EXPECT_THAT(node->lookup("key-20000"), IsOkAnd(IsNull()));
}

TEST_F(Ipld, DeepValuesHaveLongPaths) {
  std::string text;
  std::string path;
  for (int i = 0; i < 200; ++i) {
    text += "[";
    path += "0/";
  }
  const car::Cid top = json(text + "1" + std::string(200, ']'));
  add("k", dag, {top});
  path.pop_back();
  EXPECT_EQ(text_at(top, path), "1");
}

TEST_F(Ipld, PlainDagPbShowsItsLinks) {
  const car::Cid leaf = dag.raw("leaf");
  const car::Cid top =
      dag.node({{"a", leaf}, {"", leaf}, {"b", leaf}, {"", leaf}, {"a", leaf}},
               tests::bytes({0xff, 0xff}));
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top)).names(),
              ElementsAre(".node.json", "a", "b", "Links"));
  EXPECT_THAT(tests::list(*below("k", top, "Links")).names(),
              ElementsAre("1", "3"));
  EXPECT_EQ(text_at(top, "a"), "leaf");
  EXPECT_EQ(text_at(top, "Links/3"), "leaf");
  EXPECT_EQ(attribute_of(*below("k", top), "user.ipfs.cid"), top.to_string());
  EXPECT_EQ(attribute_of(*below("k", top, "Links"), "user.dagfs.name"), "");
  const std::string text = text_at(top, ".node.json");
  EXPECT_THAT(text, HasSubstr(R"("Data":{"/":{"bytes":"//8"}})"));
  EXPECT_THAT(text, HasSubstr(R"({"Hash":)" + link_to(leaf)));
}

TEST_F(Ipld, PlainDagPbWithALinkThatIsCalledLinks) {
  const car::Cid leaf = dag.raw("leaf");
  const car::Cid both = dag.node({{"Links", leaf}, {"", leaf}}, std::nullopt);
  const car::Cid named = dag.node({{"Links", leaf}}, std::nullopt);
  add("k", dag, {both, named});
  EXPECT_THAT(tests::list(*below("k", both)).names(),
              ElementsAre(".node.json", "%4Cinks", "Links"));
  EXPECT_EQ(text_at(both, "%4Cinks"), "leaf");
  EXPECT_EQ(text_at(both, "Links/1"), "leaf");
  EXPECT_EQ(text_at(named, "Links"), "leaf");
  EXPECT_THAT(below("k", both)->lookup("%"), IsOkAnd(IsNull()));
}

TEST_F(Ipld, PlainDagPbWithoutLinks) {
  const car::Cid top = dag.node({}, std::nullopt);
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top)).names(), ElementsAre(".node.json"));
  EXPECT_EQ(text_at(top, ".node.json"), R"({"Links":[]})");
}

}  // namespace
}  // namespace dagfs::fs
