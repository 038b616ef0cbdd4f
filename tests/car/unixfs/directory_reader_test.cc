// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/directory_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "car/unixfs/limits.h"
#include "tests/support/dag_builder.h"
#include "tests/support/fake_block_source.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

using tests::DagBuilder;
using tests::DagLink;
using tests::FailsWith;
using tests::FakeBlockSource;
using tests::IsOkAnd;

struct Listing {
  std::vector<std::string> names;
  std::vector<std::uint64_t> cookies;  // After each name.
  Status status = ok_status();
};

Listing list(const DirectoryReader& reader, std::uint64_t cookie = 0,
             std::size_t count = SIZE_MAX) {
  Listing listing;
  listing.status = reader.list(cookie, [&](const DirectoryEntry& entry) {
    if (listing.names.size() == count) return false;
    listing.names.emplace_back(entry.name);
    listing.cookies.push_back(entry.next_cookie);
    return true;
  });
  return listing;
}

std::unique_ptr<DirectoryReader> open(const FakeBlockSource& source,
                                      const Cid& cid) {
  auto reader = DirectoryReader::open(source, cid);
  EXPECT_TRUE(reader.ok()) << reader.error().message();
  return std::move(reader).value();
}

// "name-0" and so on, each linking to a block of its own.
std::vector<DagLink> numbered_links(DagBuilder* dag, int count) {
  std::vector<DagLink> links;
  for (int i = 0; i < count; ++i) {
    const std::string text = std::to_string(i);
    links.push_back({"name-" + text, dag->raw(text)});
  }
  return links;
}

std::vector<std::string> names_of(const std::vector<DagLink>& links) {
  std::vector<std::string> names;
  for (const DagLink& link : links) names.push_back(link.name);
  return names;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

UnixfsNode shard_of(std::uint64_t fanout) {
  return {.type = UnixfsType::kHamtShard,
          .hash_type = kHamtHashType,
          .fanout = fanout};
}

// The CID of the sub-shard that holds `name` and is nearest to the root.
Cid sub_shard_of(const FakeBlockSource& source, const Cid& root,
                 std::string_view name) {
  const auto node = DirectoryNode::load(source, root).value();
  const auto slot = node->fanout().slot(hamt_hash(name), 0);
  const auto entry = node->find_sub_shard(slot.value());
  return Cid::from_bytes(node->cid(entry.value()).bytes).value();
}

TEST(DirectoryReader, PlainOneListsLinksInTheirOrder) {
  DagBuilder dag;
  const Cid x = dag.raw("x");
  const Cid y = dag.raw("y");
  const UnixfsNode directory{.type = UnixfsType::kDirectory};
  const Cid root = dag.node({{"zz", x}, {"aa", y}, {"", x}}, directory);
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);

  const Listing listing = list(*reader);
  EXPECT_THAT(listing.names, ElementsAre("zz", "aa", ""));
  EXPECT_TRUE(listing.status.ok());
  EXPECT_THAT(list(*reader, listing.cookies[0]).names, ElementsAre("aa", ""));
  EXPECT_THAT(list(*reader, listing.cookies[2]).names, IsEmpty());
  EXPECT_THAT(reader->lookup("zz"), IsOkAnd(Optional(x)));
  EXPECT_THAT(reader->lookup("aa"), IsOkAnd(Optional(y)));
  EXPECT_THAT(reader->lookup(""), IsOkAnd(Optional(x)));
  EXPECT_THAT(reader->lookup("mm"), IsOkAnd(Eq(std::nullopt)));
}

TEST(DirectoryReader, EmptyOnesListNothing) {
  DagBuilder dag;
  const Cid plain = dag.directory({});
  const Cid sharded = dag.sharded_directory({});
  const FakeBlockSource source(dag.blocks());
  for (const Cid& root : {plain, sharded}) {
    const auto reader = open(source, root);
    EXPECT_THAT(list(*reader).names, IsEmpty());
    EXPECT_TRUE(list(*reader).status.ok());
    EXPECT_THAT(reader->lookup("a"), IsOkAnd(Eq(std::nullopt)));
    EXPECT_THAT(reader->lookup(""), IsOkAnd(Eq(std::nullopt)));
  }
}

TEST(DirectoryReader, OfRepeatedNamesTheFirstCounts) {
  DagBuilder dag;
  const Cid x = dag.raw("x");
  const Cid y = dag.raw("y");
  const Cid plain = dag.node({{"b", x}, {"a", x}, {"b", y}, {"c", y}, {"a", y}},
                             UnixfsNode{.type = UnixfsType::kDirectory});
  const Cid sharded =
      dag.node({{"0b", x}, {"1a", x}, {"2b", y}, {"3c", y}}, shard_of(16));
  const FakeBlockSource source(dag.blocks());
  for (const Cid& root : {plain, sharded}) {
    const auto reader = open(source, root);
    EXPECT_THAT(list(*reader).names, ElementsAre("b", "a", "c"));
    EXPECT_THAT(reader->lookup("b"), IsOkAnd(Optional(x)));
    EXPECT_THAT(reader->lookup("a"), IsOkAnd(Optional(x)));
    EXPECT_THAT(reader->lookup("c"), IsOkAnd(Optional(y)));
  }
}

TEST(DirectoryReader, WhatIsNoDirectoryIsInvalid) {
  DagBuilder dag;
  const Cid raw = dag.raw("x");
  const Cid file = dag.file("x", {.leaves = tests::DagLeaves::kDagPb});
  const Cid garbage = dag.block(Codec::kDagPb, as_bytes("garbage"));
  const Cid no_data = dag.node({{"a", raw}}, std::nullopt);
  const Cid lost = DagBuilder().directory({{"a", raw}});
  const FakeBlockSource source(dag.blocks());
  const auto code_of = [&](const Cid& cid) {
    return DirectoryReader::open(source, cid).error().code();
  };
  EXPECT_EQ(code_of(raw), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(file), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(garbage), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(no_data), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(lost), ErrorCode::kNotFound);
}

class ShardedDirectory : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ShardedDirectory, ListsAndFindsEveryName) {
  DagBuilder dag;
  const auto links = numbered_links(&dag, 1000);
  const Cid root = dag.sharded_directory(links, GetParam());
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);

  const Listing listing = list(*reader);
  EXPECT_TRUE(listing.status.ok());
  EXPECT_EQ(sorted(listing.names), sorted(names_of(links)));
  for (const DagLink& link : links) {
    EXPECT_THAT(reader->lookup(link.name), IsOkAnd(Optional(link.cid)));
  }
  EXPECT_THAT(reader->lookup("name-1000"), IsOkAnd(Eq(std::nullopt)));
}

TEST_P(ShardedDirectory, EveryCookieResumesOnAnotherReader) {
  DagBuilder dag;
  const Cid root = dag.sharded_directory(numbered_links(&dag, 300), GetParam());
  const FakeBlockSource source(dag.blocks());
  const Listing whole = list(*open(source, root));
  ASSERT_THAT(whole.names, SizeIs(300));
  EXPECT_THAT(std::set(whole.cookies.begin(), whole.cookies.end()),
              SizeIs(300));
  for (std::size_t i = 0; i < 300; i += 7) {
    EXPECT_NE(whole.cookies[i], 0u);
    EXPECT_LT(whole.cookies[i], kDirectoryCookieEnd);
    const Listing rest = list(*open(source, root), whole.cookies[i]);
    EXPECT_TRUE(
        std::ranges::equal(rest.names, std::span(whole.names).subspan(i + 1)));
  }
}

INSTANTIATE_TEST_SUITE_P(Fanouts, ShardedDirectory,
                         testing::Values(2, 8, 16, 256, 1024));

TEST(DirectoryReader, EntryThatIsNotTakenComesAgain) {
  DagBuilder dag;
  const Cid root = dag.sharded_directory(numbered_links(&dag, 100), 8);
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);
  std::vector<std::string> names;
  for (std::uint64_t cookie = 0;;) {
    const Listing part = list(*reader, cookie, 3);
    ASSERT_TRUE(part.status.ok());
    if (part.names.empty()) break;
    names.insert(names.end(), part.names.begin(), part.names.end());
    cookie = part.cookies.back();
  }
  EXPECT_EQ(names, list(*reader).names);
}

TEST(DirectoryReader, LookupFetchesTheNamesPathOnly) {
  DagBuilder dag;
  const auto links = numbered_links(&dag, 2000);
  const Cid root = dag.sharded_directory(links);
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);
  ASSERT_EQ(source.gets(), 1u);
  EXPECT_THAT(reader->lookup("name-77"), IsOkAnd(Optional(links[77].cid)));
  EXPECT_LE(source.gets(), 3u);
}

TEST(DirectoryReader, MissingSubShardHidesItsNamesOnly) {
  DagBuilder dag;
  const auto links = numbered_links(&dag, 2000);
  const Cid root = dag.sharded_directory(links);
  FakeBlockSource source(dag.blocks());
  const Cid lost = sub_shard_of(source, root, "name-5");
  const auto hidden = list(*open(source, lost)).names;
  const std::set hidden_names(hidden.begin(), hidden.end());
  source.lose(lost);

  const auto reader = open(source, root);
  const Listing listing = list(*reader);
  ASSERT_THAT(listing.status, FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(listing.status.error().message(), HasSubstr(lost.to_string()));
  EXPECT_EQ(listing.names.size() + hidden.size(), 2000u);
  for (const DagLink& link : links) {
    if (hidden_names.contains(link.name)) {
      EXPECT_THAT(reader->lookup(link.name), FailsWith(ErrorCode::kNotFound));
    } else {
      EXPECT_THAT(reader->lookup(link.name), IsOkAnd(Optional(link.cid)));
    }
  }
}

TEST(DirectoryReader, ResumedListingStillEndsWithTheError) {
  DagBuilder dag;
  const Cid root = dag.sharded_directory(numbered_links(&dag, 2000));
  FakeBlockSource source(dag.blocks());
  const Cid bad = sub_shard_of(source, root, "name-5");
  source.corrupt(bad);
  const Listing whole = list(*open(source, root));
  ASSERT_THAT(whole.status, FailsWith(ErrorCode::kCorrupt));

  for (const std::size_t i : {std::size_t{0}, whole.names.size() - 1}) {
    const Listing rest = list(*open(source, root), whole.cookies[i]);
    EXPECT_EQ(rest.names.size(), whole.names.size() - i - 1);
    EXPECT_THAT(rest.status, FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(rest.status.error().message(), HasSubstr(bad.to_string()));
  }
  // In the meantime all blocks have come.
  const FakeBlockSource healed(dag.blocks());
  EXPECT_TRUE(list(*open(healed, root), whole.cookies.back()).status.ok());
}

TEST(DirectoryReader, MalformedSubShardEndsTheListing) {
  DagBuilder dag;
  const Cid x = dag.raw("x");
  const Cid garbage = dag.block(Codec::kDagPb, as_bytes("garbage"));
  const Cid root = dag.node({{"0", garbage}, {"1a", x}}, shard_of(16));
  const FakeBlockSource source(dag.blocks());
  const Listing listing = list(*open(source, root));
  EXPECT_THAT(listing.names, ElementsAre("a"));
  EXPECT_THAT(listing.status, FailsWith(ErrorCode::kCorrupt));
}

TEST(DirectoryReader, LinksToWhatIsNoShardAreSkipped) {
  DagBuilder dag;
  const Cid x = dag.raw("x");
  std::vector<DagLink> links;
  const Cid plain = dag.directory({{"inside", x}});
  for (unsigned slot = 0; slot < 16; ++slot) {
    links.push_back({HamtFanout(16).prefix(slot), slot % 2 == 0 ? plain : x});
  }
  links.push_back({"0a", x});
  const Cid root = dag.node(links, shard_of(16));
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);
  const Listing listing = list(*reader);
  EXPECT_THAT(listing.names, ElementsAre("a"));
  EXPECT_TRUE(listing.status.ok());
  EXPECT_THAT(reader->lookup("inside"), IsOkAnd(Eq(std::nullopt)));
}

TEST(DirectoryReader, MisplacedNamesOnThePathAreFound) {
  DagBuilder dag;
  const Cid x = dag.raw("x");
  const std::uint64_t right = hamt_hash("a") >> 60;
  const Cid root = dag.node(
      {{HamtFanout(16).prefix((right + 1) % 16) + "a", x}}, shard_of(16));
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);
  EXPECT_THAT(list(*reader).names, ElementsAre("a"));
  EXPECT_THAT(reader->lookup("a"), IsOkAnd(Optional(x)));
}

TEST(DirectoryReader, WithoutComputableSlotsAllShardsAreSearched) {
  UnixfsNode unknown_hash = shard_of(16);
  unknown_hash.hash_type = 0x99;
  UnixfsNode no_fanout = shard_of(0);
  for (const UnixfsNode& form :
       {shard_of(100), shard_of(kHamtFanoutMax * 2), unknown_hash, no_fanout}) {
    const HamtFanout fanout(*form.fanout);
    DagBuilder dag;
    const Cid x = dag.raw("x");
    const std::string zero = fanout.prefix_size() == 0 ? "" : fanout.prefix(0);
    const Cid below = dag.node({{zero + "deep", x}}, form);
    const Cid lost = DagBuilder().node({{zero + "lost", x}}, form);
    const Cid root = dag.node({{zero, below}, {zero + "top", x}}, form);
    const Cid holed = dag.node({{zero, lost}, {zero + "top", x}}, form);
    const FakeBlockSource source(dag.blocks());

    const auto reader = open(source, root);
    EXPECT_THAT(list(*reader).names, ElementsAre("deep", "top"));
    EXPECT_THAT(reader->lookup("deep"), IsOkAnd(Optional(x)));
    EXPECT_THAT(reader->lookup("none"), IsOkAnd(Eq(std::nullopt)));
    const auto with_hole = open(source, holed);
    EXPECT_THAT(with_hole->lookup("top"), IsOkAnd(Optional(x)));
    EXPECT_THAT(with_hole->lookup("none"), FailsWith(ErrorCode::kNotFound));
  }
}

TEST(DirectoryReader, ShardsBelowTheDepthBoundEndTheListing) {
  DagBuilder dag;
  const Cid x = dag.raw("x");
  Cid node = dag.node({{"0deep", x}}, shard_of(16));
  for (std::size_t depth = 0; depth < kHamtDepthMax; ++depth) {
    node = dag.node({{"0", node}}, shard_of(16));
  }
  const Cid deeper = dag.node({{"0", node}}, shard_of(16));
  const FakeBlockSource source(dag.blocks());
  const Listing whole = list(*open(source, node));
  EXPECT_TRUE(whole.status.ok());
  EXPECT_THAT(whole.names, ElementsAre("deep"));
  const Listing cut = list(*open(source, deeper));
  EXPECT_THAT(cut.status, FailsWith(ErrorCode::kExhausted));
  EXPECT_THAT(cut.names, IsEmpty());
}

TEST(DirectoryReader, ShardsBeyondACookiesBitsEndTheListing) {
  DagBuilder dag;
  const auto wide = numbered_links(&dag, 300);
  const auto with_prefix = [](DagLink link) {
    link.name.insert(0, "FF");
    return link;
  };
  Cid node = dag.node({{"00deep", dag.raw("x")}}, shard_of(256));
  for (int depth = 0; depth < 10; ++depth) {
    std::vector<DagLink> links{{"00", node}};
    std::ranges::transform(wide, std::back_inserter(links), with_prefix);
    node = dag.node(links, shard_of(256));
  }
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, node);
  const Listing listing = list(*reader);
  EXPECT_THAT(listing.status, FailsWith(ErrorCode::kExhausted));
  EXPECT_EQ(listing.names.size() % 300, 0u);
  EXPECT_GE(listing.names.size(), 6 * 300u);
}

// 8^64 shards without a name in 65 blocks.
TEST(DirectoryReader, EndlessEmptyShardsEndTheListing) {
  DagBuilder dag;
  Cid node = dag.node({}, shard_of(128));
  for (std::size_t depth = 0; depth < kHamtDepthMax; ++depth) {
    std::vector<DagLink> links;
    for (unsigned slot = 0; slot < 8; ++slot) {
      links.push_back({HamtFanout(128).prefix(slot), node});
    }
    node = dag.node(links, shard_of(128));
  }
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, node);
  const Listing listing = list(*reader);
  EXPECT_THAT(listing.names, IsEmpty());
  EXPECT_THAT(listing.status, FailsWith(ErrorCode::kExhausted));
  EXPECT_LE(source.gets(), 65u);
}

TEST(DirectoryReader, NodeCutAnywhereIsAnErrorOrShorter) {
  DagBuilder dag;
  dag.sharded_directory(numbered_links(&dag, 10), 16);
  const Bytes node = dag.blocks().back().bytes;
  for (std::size_t size = 0; size < node.size(); ++size) {
    DagBuilder cut = dag;
    const Cid root = cut.block(Codec::kDagPb, ByteView(node).first(size));
    const FakeBlockSource source(cut.blocks());
    const auto reader = DirectoryReader::open(source, root);
    if (!reader.ok()) continue;
    EXPECT_LE(list(**reader).names.size(), 10u);
  }
}

TEST(DirectoryReader, ForeignCookiesDoNoHarm) {
  DagBuilder dag;
  const Cid sharded = dag.sharded_directory(numbered_links(&dag, 200), 16);
  const Cid plain = dag.directory(numbered_links(&dag, 200));
  const FakeBlockSource source(dag.blocks());
  std::mt19937_64 random(1);
  for (const Cid& root : {sharded, plain}) {
    const auto reader = open(source, root);
    EXPECT_THAT(list(*reader, ~std::uint64_t{0}).names, IsEmpty());
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t cookie = random() >> (random() % 64);
      EXPECT_LE(list(*reader, cookie).names.size(), 200u);
    }
  }
}

TEST(DirectoryReader, ManyThreadsSeeTheSame) {
  DagBuilder dag;
  const auto links = numbered_links(&dag, 500);
  const Cid root = dag.sharded_directory(links, 8);
  const FakeBlockSource source(dag.blocks());
  const auto reader = open(source, root);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      EXPECT_THAT(list(*reader).names, SizeIs(500));
      for (const DagLink& link : links) {
        EXPECT_THAT(reader->lookup(link.name), IsOkAnd(Optional(link.cid)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace dagfs::car
