// SPDX-License-Identifier: Apache-2.0 OR MIT

// UnixFS below roots/CID: directories, files, links, and what is missing.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "fs/nodes/name_escape.h"
#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using tests::attribute_of;
using tests::FailsWith;
using tests::IsOkAnd;
using std::string_literals::operator""s;

class Unixfs : public TreeFixture {
 protected:
  // Registers what `dag` has so far, but for `lost`.
  void add_without(const car::Cid& root_cid, const car::Cid& lost) {
    tests::CarBuilder car;
    car.root(root_cid);
    for (const tests::DagBlock& block : dag.blocks()) {
      if (block.cid != lost) car.section(block.cid, block.bytes);
    }
    add("k", car);
  }
  // The same, with `changed` filled with other bytes.
  void add_with_bad(const car::Cid& root_cid, const car::Cid& changed) {
    tests::CarBuilder car;
    car.root(root_cid);
    for (tests::DagBlock block : dag.blocks()) {
      if (block.cid == changed) block.bytes.back() ^= std::byte{1};
      car.section(block.cid, block.bytes);
    }
    add("k", car);
  }

  void expect_listing_agrees_with_look_up(const Node& directory) {
    for (const auto& entry : tests::list(directory).entries) {
      const auto found = directory.lookup(entry.name);
      ASSERT_TRUE(found.ok()) << entry.name;
      ASSERT_TRUE(*found) << entry.name;
      const Attributes of_found = attributes(**found);
      EXPECT_EQ(of_found.inode, entry.inode) << entry.name;
      if (entry.type != NodeType::kUnknown) {
        EXPECT_EQ(of_found.type, entry.type) << entry.name;
      }
    }
  }

  tests::DagBuilder dag;
};

TEST_F(Unixfs, DirectoryShowsItsEntries) {
  const car::Cid sub = dag.directory({{"inner", dag.raw("in")}});
  const car::Cid top = dag.directory({{"file", dag.file("text")},
                                      {"link", dag.symlink("../x")},
                                      {"raw", dag.raw("bytes")},
                                      {"sub", sub}});
  add("k", dag, {top});
  const NodePtr node = below("k", top);
  EXPECT_THAT(tests::list(*node, 2).names(),
              ElementsAre("file", "link", "raw", "sub"));
  expect_listing_agrees_with_look_up(*node);
  EXPECT_THAT(tests::read_text(*below("k", top, "file")), IsOkAnd("text"));
  EXPECT_THAT(tests::read_text(*below("k", top, "raw")), IsOkAnd("bytes"));
  EXPECT_THAT(tests::read_text(*below("k", top, "sub/inner")), IsOkAnd("in"));
  EXPECT_THAT(below("k", top, "link")->read_link(), IsOkAnd("../x"));
  EXPECT_THAT(node->lookup("nobody"), IsOkAnd(IsNull()));
}

TEST_F(Unixfs, AttributesWithoutModeAndTime) {
  const car::Cid file = dag.file("text");
  const car::Cid top =
      dag.directory({{"f", file}, {"l", dag.symlink("target")}});
  add("k", dag, {top});
  const Attributes directory = attributes(*below("k", top));
  EXPECT_EQ(directory.type, NodeType::kDirectory);
  EXPECT_EQ(directory.permissions, 0555U);
  EXPECT_EQ(directory.links, 1U);
  EXPECT_EQ(directory.size, 0U);
  EXPECT_EQ(directory.mtime.tv_sec, 0);
  const Attributes of_file = attributes(*below("k", top, "f"));
  EXPECT_EQ(of_file.permissions, 0444U);
  EXPECT_EQ(of_file.size, 4U);
  const Attributes of_link = attributes(*below("k", top, "l"));
  EXPECT_EQ(of_link.type, NodeType::kSymlink);
  EXPECT_EQ(of_link.size, 6U);
}

TEST_F(Unixfs, ModeAndTimeWinWherePresent) {
  const car::Cid file = dag.file(
      "x",
      {.mode = 0104755U,
       .mtime = car::UnixfsTime{.seconds = -5, .nanoseconds = 999'999'999U}});
  const car::Cid odd = dag.file(
      "y",
      {.mtime = car::UnixfsTime{.seconds = 7, .nanoseconds = 1'000'000'000U}});
  const car::Cid top =
      dag.directory({{"f", file}, {"o", odd}}, {.mode = 01777U});
  add("k", dag, {top});
  EXPECT_EQ(attributes(*below("k", top)).permissions, 01777U);
  const Attributes of_file = attributes(*below("k", top, "f"));
  EXPECT_EQ(of_file.permissions, 04755U);
  EXPECT_EQ(of_file.mtime.tv_sec, -5);
  EXPECT_EQ(of_file.mtime.tv_nsec, 999'999'999);
  EXPECT_EQ(attributes(*below("k", top, "o")).mtime.tv_sec, 7);
  EXPECT_EQ(attributes(*below("k", top, "o")).mtime.tv_nsec, 0);
}

TEST_F(Unixfs, EverythingSaysItsCidAndShard) {
  const car::Cid file = dag.file("text");
  const car::Cid link = dag.symlink("x");
  const car::Cid top = dag.directory({{"f", file}, {"l", link}});
  add("k", dag, {top});
  EXPECT_EQ(attribute_of(*below("k", top), "user.ipfs.cid"), top.to_string());
  EXPECT_EQ(attribute_of(*below("k", top, "f"), "ipfs.cid"), file.to_string());
  EXPECT_EQ(attribute_of(*below("k", top, "l"), "user.ipfs.cid"),
            link.to_string());
  EXPECT_EQ(attribute_of(*below("k", top, "f"), "user.dagfs.shard"), "k");
  EXPECT_EQ(attribute_of(*below("k", top, "f"), "user.dagfs.error"), "");
  EXPECT_THAT(below("k", top, "f")->attribute_names(),
              ElementsAre("user.ipfs.cid", "user.dagfs.shard"));
}

TEST_F(Unixfs, ContentIsCachedForEverAndNeverWaitsForAttributes) {
  const car::Cid top = dag.directory({{"f", dag.file("x")}});
  add("k", dag, {top});
  for (const NodePtr& node : {below("k", top), below("k", top, "f")}) {
    EXPECT_EQ(node->caching(), Caching::kForever);
    EXPECT_FALSE(node->attributes_may_wait());
    EXPECT_EQ(node->lane(), at("shards/k")->lane());
  }
}

TEST_F(Unixfs, NamesThatPosixCannotHoldAreEscaped) {
  const std::string longest(300, 'n');
  const std::vector<std::string> raw = {"",      ".",    "..",    "a/b",
                                        "c\0d"s, "e%/f", longest, "plain%2F"};
  std::vector<tests::DagLink> links;
  for (const std::string& name : raw) links.push_back({name, dag.raw(name)});
  const car::Cid top = dag.directory(links);
  add("k", dag, {top});
  const NodePtr node = below("k", top);
  expect_listing_agrees_with_look_up(*node);
  EXPECT_THAT(tests::list(*node).names(),
              UnorderedElementsAre("%", "%2E", "%2E%2E", "a%2Fb", "c%00d",
                                   "e%25%2Ff", show_name(longest), "plain%2F"));
  for (const std::string& name : raw) {
    const auto found = node->lookup(show_name(name));
    ASSERT_TRUE(found.ok() && *found) << name;
    EXPECT_THAT(tests::read_text(**found), IsOkAnd(name));
    EXPECT_EQ(attribute_of(**found, "user.dagfs.name"),
              needs_escape(name) ? name : "");
  }
}

TEST_F(Unixfs, ARealNameGoesBeforeAnEscapedOne) {
  const car::Cid top = dag.directory({{"a/b", dag.raw("escaped")},
                                      {"a%2Fb", dag.raw("real")},
                                      {"c\0"s, dag.raw("escaped")},
                                      {"c%00", dag.raw("real")}});
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top)).names(),
              UnorderedElementsAre("a%2Fb", "c%00"));
  EXPECT_THAT(tests::read_text(*below("k", top, "a%2Fb")), IsOkAnd("real"));
  EXPECT_THAT(tests::read_text(*below("k", top, "c%00")), IsOkAnd("real"));
}

TEST_F(Unixfs, OfRepeatedNamesTheFirstCounts) {
  const car::Cid top =
      dag.node({{"x", dag.raw("first")}, {"x", dag.raw("second")}},
               car::UnixfsNode{.type = car::UnixfsType::kDirectory});
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top)).names(), ElementsAre("x"));
  EXPECT_THAT(tests::read_text(*below("k", top, "x")), IsOkAnd("first"));
}

TEST_F(Unixfs, ShardedDirectoryIsOneDirectory) {
  std::vector<tests::DagLink> links;
  for (int i = 0; i < 500; ++i) {
    links.push_back({fmt::format("name-{}", i), dag.raw(std::to_string(i))});
  }
  links.push_back({"a/b", dag.raw("slash")});
  const car::Cid top = dag.sharded_directory(links, 8);
  add("k", dag, {top});
  EXPECT_THAT(tests::list(*below("k", top), 13).entries, SizeIs(501));
  expect_listing_agrees_with_look_up(*below("k", top));
  EXPECT_THAT(tests::read_text(*below("k", top, "name-77")), IsOkAnd("77"));
  EXPECT_THAT(tests::read_text(*below("k", top, "a%2Fb")), IsOkAnd("slash"));
}

TEST_F(Unixfs, MissingBlockIsAFileThatCannotBeOpened) {
  const car::Cid lost = dag.file("lost");
  const car::Cid top =
      dag.directory({{"here", dag.file("here")}, {"lost", lost}});
  add_without(top, lost);
  const NodePtr node = below("k", top, "lost");
  EXPECT_THAT(tests::list(*below("k", top)).names(), Contains("lost"));
  EXPECT_EQ(attributes(*node).type, NodeType::kFile);
  EXPECT_EQ(attributes(*node).size, 0U);
  EXPECT_EQ(attributes(*node).permissions, 0444U);
  EXPECT_THAT(node->open_file(), FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(attribute_of(*node, "user.dagfs.error"),
              HasSubstr(lost.to_string()));
  EXPECT_EQ(attribute_of(*node, "user.ipfs.cid"), lost.to_string());
  EXPECT_THAT(node->attribute_names(), Contains("user.dagfs.error"));
  EXPECT_THAT(tests::read_text(*below("k", top, "here")), IsOkAnd("here"));
}

TEST_F(Unixfs, MissingRawLeafOfADirectoryToo) {
  const car::Cid lost = dag.raw("lost");
  const car::Cid top = dag.directory({{"lost", lost}});
  add_without(top, lost);
  const NodePtr node = below("k", top, "lost");
  EXPECT_EQ(attributes(*node).size, 0U);
  EXPECT_THAT(node->open_file(), FailsWith(ErrorCode::kUnavailable));
}

TEST_F(Unixfs, CorruptBlockIsAFileThatCannotBeOpened) {
  const car::Cid bad =
      dag.file("good once", {.leaves = tests::DagLeaves::kDagPb});
  const car::Cid top = dag.directory({{"bad", bad}});
  add_with_bad(top, bad);
  const NodePtr node = below("k", top, "bad");
  EXPECT_THAT(node->open_file(), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(attribute_of(*node, "user.dagfs.error"),
              HasSubstr(bad.to_string()));
}

TEST_F(Unixfs, FileWithAMissingLeafSaysWhichBeforeItIsRead) {
  const Bytes content = tests::pseudo_random_bytes(1000);
  const car::Cid file = dag.file(content, {.chunk_size = 100});
  const car::Cid lost = dag.blocks()[4].cid;
  add_without(file, lost);
  const NodePtr node = below("k", file);
  EXPECT_EQ(attributes(*node).size, 1000U);
  EXPECT_THAT(node->attribute_names(), Not(Contains("user.dagfs.error")));
  EXPECT_THAT(attribute_of(*node, "user.dagfs.error"),
              HasSubstr(lost.to_string()));
  EXPECT_THAT(node->attribute_names(), Contains("user.dagfs.error"));
}

TEST_F(Unixfs, FileWithACorruptLeafSaysWhichBeforeItIsRead) {
  const Bytes content = tests::pseudo_random_bytes(1000);
  const car::Cid file = dag.file(content, {.chunk_size = 100});
  const car::Cid bad = dag.blocks()[7].cid;
  add_with_bad(file, bad);
  EXPECT_THAT(attribute_of(*below("k", file), "user.dagfs.error"),
              HasSubstr(bad.to_string()));
}

TEST_F(Unixfs, ShardedDirectoryWithAMissingPartListsTheRestAndFails) {
  std::vector<tests::DagLink> links;
  for (int i = 0; i < 200; ++i) {
    links.push_back({std::to_string(i), dag.raw(std::to_string(i))});
  }
  const std::size_t raw_count = dag.blocks().size();
  const car::Cid top = dag.sharded_directory(links, 8);
  const car::Cid lost = dag.blocks()[raw_count].cid;  // Some sub-shard.
  add_without(top, lost);
  const NodePtr node = below("k", top);
  const tests::Listing listing = tests::list(*node);
  ASSERT_TRUE(listing.error);
  EXPECT_THAT(listing.error->message(), HasSubstr(lost.to_string()));
  EXPECT_LT(listing.entries.size(), 200U);
  EXPECT_GT(listing.entries.size(), 0U);
  EXPECT_THAT(attribute_of(*node, "user.dagfs.error"),
              HasSubstr(lost.to_string()));
  std::size_t found = 0;
  for (int i = 0; i < 200; ++i) {
    const auto child = node->lookup(std::to_string(i));
    if (child.ok()) {
      EXPECT_TRUE(*child) << "an entry that may be there must not be denied";
      ++found;
    } else {
      EXPECT_EQ(child.error().code(), ErrorCode::kUnavailable);
    }
  }
  EXPECT_EQ(found, listing.entries.size());
}

TEST_F(Unixfs, MissingRootIsAFileThatCannotBeOpened) {
  const car::Cid lost = dag.raw("lost");
  add_without(lost, lost);
  EXPECT_THAT(below("k", lost)->open_file(),
              FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(tests::list(*at("shards/k/roots")).names(),
              ElementsAre(lost.to_string()));
}

TEST_F(Unixfs, IdentityCidsNeedNoBlock) {
  tests::DagBuilder inner;
  const car::Cid file = inner.hash_with(car::HashCode::kIdentity).file("hi");
  const car::Cid raw = inner.raw("raw");
  const car::Cid top = dag.directory({{"f", file}, {"r", raw}});
  add("k", dag, {top});
  EXPECT_THAT(tests::read_text(*below("k", top, "f")), IsOkAnd("hi"));
  EXPECT_THAT(tests::read_text(*below("k", top, "r")), IsOkAnd("raw"));
  EXPECT_EQ(attributes(*below("k", top, "r")).size, 3U);
}

TEST_F(Unixfs, IdentityRootOfADirectory) {
  tests::DagBuilder inner;
  inner.hash_with(car::HashCode::kIdentity);
  const car::Cid top = inner.directory({{"f", inner.raw("in")}});
  add("k", dag, {top});
  // Too long for a name or not, it is listed and found.
  const auto listing = tests::list(*at("shards/k/roots"));
  ASSERT_THAT(listing.entries, SizeIs(1));
  const NodePtr node = at("shards/k/roots/" + listing.entries[0].name);
  EXPECT_THAT(tests::list(*node).names(), ElementsAre("f"));
}

TEST_F(Unixfs, UndecodableBlockIsItsBytesAndSaysWhy) {
  const car::Cid bad =
      dag.block(car::Codec::kDagPb, as_bytes("\xff\xff no protobuf"));
  add("k", dag, {bad});
  EXPECT_THAT(tests::read_text(*below("k", bad)),
              IsOkAnd("\xff\xff no protobuf"));
  EXPECT_NE(attribute_of(*below("k", bad), "user.dagfs.error"), "");
}

TEST_F(Unixfs, UnknownCodecsAndMetadataAreTheirBytes) {
  const car::Cid unknown =
      dag.block(static_cast<car::Codec>(0x9999), as_bytes("any"));
  const car::Cid metadata =
      dag.node({}, car::UnixfsNode{.type = car::UnixfsType::kMetadata});
  add("k", dag, {unknown, metadata});
  EXPECT_THAT(tests::read_text(*below("k", unknown)), IsOkAnd("any"));
  EXPECT_EQ(attribute_of(*below("k", unknown), "user.dagfs.error"), "");
  EXPECT_THAT(tests::read_all(*below("k", metadata)),
              IsOkAnd(dag.blocks().back().bytes));
}

TEST_F(Unixfs, LinkTargetsThatReadlinkCannotTell) {
  const car::Cid longest = dag.symlink(std::string(4095, 'x'));
  const car::Cid too_long = dag.symlink(std::string(4096, 'x'));
  const car::Cid with_nul = dag.symlink("a\0b"s);
  const car::Cid empty = dag.symlink("");
  add("k", dag, {longest, too_long, with_nul, empty});
  EXPECT_THAT(below("k", longest)->read_link(), IsOkAnd(SizeIs(4095)));
  EXPECT_THAT(below("k", too_long)->read_link(),
              FailsWith(ErrorCode::kUnsupported));
  EXPECT_EQ(attributes(*below("k", too_long)).size, 4096U);
  EXPECT_THAT(below("k", with_nul)->read_link(),
              FailsWith(ErrorCode::kUnsupported));
  EXPECT_THAT(below("k", empty)->read_link(), IsOkAnd(IsEmpty()));
}

TEST_F(Unixfs, NodesOutliveAReplacedPieceWhoseContentIsStillThere) {
  const car::Cid file = dag.file("stays");
  const car::Cid top = dag.directory({{"f", file}});
  add("k", dag, {top});
  const NodePtr directory = below("k", top);
  const NodePtr node = below("k", top, "f");

  dag.raw("more");
  write_piece("k", car_of(dag, {top}).bytes());
  EXPECT_THAT(tests::read_text(*node), IsOkAnd("stays"));
  EXPECT_THAT(tests::list(*directory).names(), ElementsAre("f"));
  EXPECT_TRUE(directory->lookup("f").ok());
}

TEST_F(Unixfs, NodesOfAReplacedPieceWithoutTheirContentAreLookedUpAgain) {
  const car::Cid top = dag.directory({{"f", dag.file("gone")}});
  add("k", dag, {top});
  const NodePtr directory = below("k", top);
  const NodePtr node = below("k", top, "f");

  write_piece("k", tests::CarBuilder().bytes());
  EXPECT_THAT(node->open_file(), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(directory->lookup("f"), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(directory->open_directory(), FailsWith(ErrorCode::kStale));
}

TEST_F(Unixfs, MissingBlockThatComesIsLookedUpAgain) {
  const car::Cid lost = dag.file("back");
  const car::Cid top = dag.directory({{"f", lost}});
  add_without(top, lost);
  const NodePtr node = below("k", top, "f");
  ASSERT_THAT(node->open_file(), FailsWith(ErrorCode::kUnavailable));

  write_piece("k", car_of(dag, {top}).bytes());
  EXPECT_THAT(node->open_file(), FailsWith(ErrorCode::kStale));
  EXPECT_THAT(tests::read_text(*below("k", top, "f")), IsOkAnd("back"));
}

}  // namespace
}  // namespace dagfs::fs
