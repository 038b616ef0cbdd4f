// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/directory_builder.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "car/limits.h"
#include "car/unixfs/directory_reader.h"
#include "car/unixfs/hamt.h"
#include "car/unixfs/limits.h"
#include "tests/support/dag_builder.h"
#include "tests/support/fake_block_source.h"
#include "tests/support/memory_sink.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::DagBuilder;
using tests::DagLink;
using tests::FailsWith;
using tests::FakeBlockSource;
using tests::MemorySink;

// Entries with these names, each a small raw block.
std::vector<DagLink> links_to(DagBuilder* dag, std::size_t count) {
  std::vector<DagLink> links;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("name {}", i * i);
    links.push_back({name, dag->raw(name)});
  }
  return links;
}

BuiltDag build(const ImportProfile& profile, MemorySink* sink,
               std::vector<DagLink> links,
               const NodeAttributes& attributes = {}) {
  // Any order will do.
  std::ranges::shuffle(links, std::minstd_rand(links.size()));
  DirectoryBuilder directory(profile, *sink);
  for (const DagLink& link : links) {
    EXPECT_TRUE(directory.add(link.name, link.cid, link.name.size()).ok());
  }
  EXPECT_EQ(directory.entry_count(), links.size());
  auto built = directory.finish(attributes);
  EXPECT_TRUE(built.ok()) << built.error().message();
  return *built;
}

std::map<std::string, Cid> names_of(const MemorySink& sink, const Cid& root) {
  const FakeBlockSource source(sink.blocks());
  const auto reader = DirectoryReader::open(source, root).value();
  std::map<std::string, Cid> names;
  EXPECT_TRUE(reader
                  ->list(0,
                         [&](const DirectoryEntry& entry) {
                           names.emplace(entry.name, entry.cid.to_cid());
                           return true;
                         })
                  .ok());
  return names;
}

std::map<std::string, Cid> as_map(const std::vector<DagLink>& links) {
  std::map<std::string, Cid> names;
  for (const DagLink& link : links) names.emplace(link.name, link.cid);
  return names;
}

// One that has every directory sharded.
const ImportProfile kSharded{.shard_threshold = 0};

TEST(DirectoryBuilder, PlainOneIsThatOfASecondImplementation) {
  DagBuilder dag;
  const auto links = links_to(&dag, 100);
  MemorySink sink;
  const BuiltDag built = build({}, &sink, links);
  EXPECT_EQ(built.cid, dag.directory(links));
  EXPECT_EQ(names_of(sink, built.cid), as_map(links));
  EXPECT_EQ(sink.complaint(), "");
}

TEST(DirectoryBuilder, ShardedOneIsThatOfASecondImplementation) {
  for (const std::uint64_t fanout : {8U, 64U, 256U, 1024U}) {
    for (const std::size_t count : {1U, 2U, 300U, 3000U}) {
      DagBuilder dag;
      const auto links = links_to(&dag, count);
      ImportProfile profile = kSharded;
      profile.fanout = fanout;
      MemorySink sink;
      const BuiltDag built = build(profile, &sink, links);
      EXPECT_EQ(built.cid, dag.sharded_directory(links, fanout))
          << fanout << ' ' << count;
      EXPECT_EQ(names_of(sink, built.cid), as_map(links));
    }
  }
}

TEST(DirectoryBuilder, EmptyOneIsNeverSharded) {
  DagBuilder dag;
  MemorySink sink;
  const BuiltDag built = build(kSharded, &sink, {});
  EXPECT_EQ(built.cid, dag.directory({}));
  EXPECT_TRUE(names_of(sink, built.cid).empty());
}

TEST(DirectoryBuilder, TotalSizeCountsWhatIsBelow) {
  DagBuilder dag;
  MemorySink sink;
  const auto links = links_to(&dag, 500);
  const BuiltDag built = build(kSharded, &sink, links);
  std::uint64_t total = 0;
  for (const auto& block : sink.blocks()) total += block.bytes.size();
  for (const DagLink& link : links) total += link.name.size();
  EXPECT_EQ(built.total_size, total);
}

TEST(DirectoryBuilder, BlockEstimateIsExact) {
  DagBuilder dag;
  for (const std::size_t count : {1U, 3U, 100U}) {
    const auto links = links_to(&dag, count);
    const NodeAttributes attributes{.mode = 0755, .mtime = UnixfsTime{-9, 8}};
    ImportProfile profile{.keeps_mode = true, .keeps_mtime = true};
    MemorySink plain;
    build(profile, &plain, links, attributes);
    ASSERT_EQ(plain.blocks().size(), 1U);
    // It just fits ...
    profile.shard_threshold = plain.blocks()[0].bytes.size();
    MemorySink fits;
    build(profile, &fits, links, attributes);
    EXPECT_EQ(fits.blocks()[0].bytes, plain.blocks()[0].bytes);
    // ... and here it does not, by a byte.
    --profile.shard_threshold;
    MemorySink sharded;
    build(profile, &sharded, links, attributes);
    EXPECT_NE(sharded.blocks()[0].bytes, plain.blocks()[0].bytes);
  }
}

TEST(DirectoryBuilder, AttributesStandInTheRootShardAlone) {
  DagBuilder dag;
  ImportProfile profile = kSharded;
  profile.keeps_mode = true;
  MemorySink sink;
  const BuiltDag built =
      build(profile, &sink, links_to(&dag, 1000), {.mode = 0750});
  std::size_t with_mode = 0;
  for (const auto& block : sink.blocks()) {
    const auto node =
        DagPbNode::decode(std::make_shared<const Bytes>(block.bytes));
    const UnixfsNode unixfs = parse_unixfs_node(*node->data()).value();
    if (!unixfs.mode) continue;
    ++with_mode;
    EXPECT_EQ(block.cid, built.cid);
    EXPECT_EQ(unixfs.mode, 0750U);
  }
  EXPECT_EQ(with_mode, 1U);
}

TEST(DirectoryBuilder, NamesThatNoFileCanHaveAreRefused) {
  MemorySink sink;
  DirectoryBuilder directory({}, sink);
  const Cid cid = Cid::parse("bafkqaaa").value();
  using namespace std::string_view_literals;
  for (const auto name : {""sv, "."sv, ".."sv, "a/b"sv, "/"sv, "a\0b"sv}) {
    EXPECT_THAT(directory.add(name, cid, 0),
                FailsWith(ErrorCode::kInvalidArgument))
        << name;
  }
  EXPECT_THAT(directory.add(std::string(kNameSizeMax + 1, 'n'), cid, 0),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(directory.add("a", Cid(), 0),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_EQ(directory.entry_count(), 0U);
}

TEST(DirectoryBuilder, AnyOtherNameIsKept) {
  DagBuilder dag;
  const Cid cid = dag.raw("x");
  const std::vector<DagLink> links = {{std::string(kNameSizeMax, 'n'), cid},
                                      {"...", cid},
                                      {"\xff\xfe no text", cid},
                                      {"new\nline", cid},
                                      {" ", cid},
                                      {"\xc3\xa9", cid},
                                      {"a", dag.raw("y")}};
  for (const ImportProfile& profile : {ImportProfile(), kSharded}) {
    MemorySink sink;
    const BuiltDag built = build(profile, &sink, links);
    EXPECT_EQ(names_of(sink, built.cid), as_map(links));
  }
}

TEST(DirectoryBuilder, LongestCidsAndNamesFit) {
  MemorySink sink;
  DirectoryBuilder directory({}, sink);
  const Bytes digest(kCidSizeMax - 10);
  const Cid cid = Cid::v1(Codec::kRaw, {HashCode::kIdentity, digest});
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string name(kNameSizeMax, c);
    ASSERT_TRUE(directory.add(name, cid, ~std::uint64_t{0} >> 8).ok());
  }
  EXPECT_EQ(names_of(sink, directory.finish()->cid).size(), 26U);
}

TEST(DirectoryBuilder, RepeatedNameIsRefused) {
  MemorySink sink;
  const Cid cid = Cid::parse("bafkqaaa").value();
  for (const ImportProfile& profile : {ImportProfile(), kSharded}) {
    DirectoryBuilder directory(profile, sink);
    for (const char* name : {"a", "b", "c", "b"}) {
      ASSERT_TRUE(directory.add(name, cid, 0).ok());
    }
    const auto built = directory.finish();
    ASSERT_THAT(built, FailsWith(ErrorCode::kInvalidArgument));
    EXPECT_THAT(built.error().message(), testing::HasSubstr("\"b\""));
  }
}

TEST(DirectoryBuilder, ErrorOfTheSinkIsPassedOn) {
  DagBuilder dag;
  const auto links = links_to(&dag, 1000);
  MemorySink sink;
  sink.fail_from(5, Error(ErrorCode::kIo, "the disk says no"));
  DirectoryBuilder directory(kSharded, sink);
  for (const DagLink& link : links) {
    ASSERT_TRUE(directory.add(link.name, link.cid, 1).ok());
  }
  EXPECT_THAT(directory.finish(), FailsWith(ErrorCode::kIo));
}

}  // namespace
}  // namespace dagfs::car
