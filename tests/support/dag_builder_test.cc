// SPDX-License-Identifier: Apache-2.0 OR MIT

// The builder writes what Kubo writes, so that tests read real shapes.

#include "tests/support/dag_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <array>

#include "car/ipld/multihash.h"
#include "tests/support/fixtures.h"

namespace dagfs::tests {
namespace {

// A stream that other implementations of importers are tested with, too.
Bytes chacha_stream(std::string_view seed, std::size_t size) {
  const Bytes key =
      car::hash_bytes(car::HashCode::kSha2_256, as_bytes(seed)).value();
  const std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> nonce{};
  Bytes stream(size);
  crypto_stream_chacha20(reinterpret_cast<unsigned char*>(stream.data()), size,
                         nonce.data(),
                         reinterpret_cast<const unsigned char*>(key.data()));
  return stream;
}

const FileOptions kVersion0{.leaves = DagLeaves::kDagPb};
const FileOptions kVersion1{.chunk_size = std::size_t{1} << 20,
                            .links_max = 1024};

TEST(DagBuilder, SmallFilesHaveTheCidsKuboGives) {
  DagBuilder version0;
  version0.cid_version_0();
  EXPECT_EQ(version0.file("hello world", kVersion0).to_string(),
            "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD");
  EXPECT_EQ(version0.file("", kVersion0).to_string(),
            "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH");
  DagBuilder version1;
  EXPECT_EQ(version1.file("hello world", kVersion1).to_string(),
            "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
}

TEST(DagBuilder, FilesOfSeveralChunksHaveTheCidsKuboGives) {
  DagBuilder version0;
  version0.cid_version_0();
  const Bytes two_chunks = chacha_stream("chunk-v0-seed", 262'145);
  EXPECT_EQ(version0.file(two_chunks, kVersion0).to_string(),
            "QmYyLxtzZyW22zpoVAtKANLRHpDjZtNeDjQdJrcQNWoRkJ");
  const Bytes two_levels = chacha_stream("v0-seed", 45'613'057);
  EXPECT_EQ(version0.file(two_levels, kVersion0).to_string(),
            "QmV81WL765sC8DXsRhE5fJv2rwhS4icHRaf3J9Zk5FdRnW");
  DagBuilder version1;
  const Bytes large_chunks = chacha_stream("chunk-v1-seed", 1'048'577);
  EXPECT_EQ(version1.file(large_chunks, kVersion1).to_string(),
            "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64");
}

TEST(DagBuilder, TrickleFilesHaveTheCidKuboGives) {
  DagBuilder builder;
  builder.cid_version_0();
  FileOptions options = kVersion0;
  options.shape = DagShape::kTrickle;
  EXPECT_EQ(builder.file(chacha_stream("trickle-seed", 47'185'920), options)
                .to_string(),
            "QmdAvk5cS4KEbVn5a6oMSSzPJTYkd3e8dReAwNPcMygwpn");
}

TEST(DagBuilder, ShardedDirectoryHasTheCidKuboGives) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  const Fixture* fixture = find_fixture("kubo-ipip499-v1-dir-hamt");
  ASSERT_NE(fixture, nullptr);
  const auto tree = expected_table(*fixture, "tree").value();
  std::string root;
  std::string path;
  DagBuilder builder;
  const car::Cid file = builder.raw("x");
  std::vector<DagLink> entries;
  for (const auto& row : tree->rows) {
    if (row[1] == "hamt") root = row[6], path = row[0] + "/";
    if (row[1] == "file") entries.push_back({row[0].substr(path.size()), file});
  }
  EXPECT_EQ(builder.sharded_directory(entries).to_string(), root);
}

TEST(DagBuilder, EachBlockIsListedOnceChildrenFirst) {
  DagBuilder builder;
  const car::Cid leaf = builder.raw("x");
  const car::Cid folder =
      builder.directory({{"b", leaf}, {"a", builder.raw("x")}});
  ASSERT_EQ(builder.blocks().size(), 2u);
  EXPECT_EQ(builder.blocks()[0].cid, leaf);
  EXPECT_EQ(builder.blocks()[1].cid, folder);
  EXPECT_EQ(builder.car(folder).sections().size(), 2u);
}

}  // namespace
}  // namespace dagfs::tests
