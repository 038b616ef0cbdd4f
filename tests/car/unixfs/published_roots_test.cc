// SPDX-License-Identifier: Apache-2.0 OR MIT

// The CIDs that IPIP-0499 publishes for its two profiles.
// https://specs.ipfs.tech/ipips/ipip-0499/

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "car/unixfs/balanced_layout.h"
#include "car/unixfs/block_naming.h"
#include "car/unixfs/directory_builder.h"
#include "car/unixfs/file_builder.h"
#include "car/unixfs/hash_pool.h"
#include "tests/support/chacha.h"
#include "tests/support/memory_sink.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::MemorySink;

// Forgets everything but the CIDs: a gibibyte passes through.
class CidSink final : public BlockSink {
 public:
  Result<std::uint64_t> put(const Cid& cid, ByteView) override {
    cids_.push_back(cid);
    return cids_.size() - 1;
  }
  const std::vector<Cid>& cids() const { return cids_; }

 private:
  std::vector<Cid> cids_;
};

ImportProfile profile_named(std::string_view name) {
  return find_import_profile(name).value();
}

std::string file_root(std::string_view profile, std::string_view seed,
                      std::uint64_t size) {
  CidSink sink;
  HashPool pool;
  FileBuilder file(profile_named(profile), sink, &pool);
  tests::chacha_stream(seed, size, [&](ByteView portion) {
    EXPECT_TRUE(file.append(portion).ok());
  });
  return file.finish().value().cid.to_string();
}

std::string directory_root(std::string_view profile, std::size_t count,
                           std::size_t name_size, std::size_t last_size) {
  CidSink sink;
  FileBuilder file(profile_named(profile), sink, nullptr);
  EXPECT_TRUE(file.append(as_bytes("x")).ok());
  const BuiltDag x = file.finish().value();
  DirectoryBuilder directory(profile_named(profile), sink);
  const std::string seed = "hamt-" + std::string(profile);
  for (const std::string& name :
       tests::chacha_names(seed, count, name_size, last_size)) {
    EXPECT_TRUE(directory.add(name, x.cid, x.total_size).ok());
  }
  return directory.finish().value().cid.to_string();
}

std::string hello_root(std::string_view profile) {
  CidSink sink;
  FileBuilder file(profile_named(profile), sink, nullptr);
  EXPECT_TRUE(file.append(as_bytes("hello world")).ok());
  return file.finish().value().cid.to_string();
}

constexpr std::string_view kOld = "unixfs-v0-2015";
constexpr std::string_view kNew = "unixfs-v1-2025";

TEST(PublishedRoots, SmallFile) {
  EXPECT_EQ(hello_root(kOld), "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD");
  EXPECT_EQ(hello_root(kNew),
            "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
}

TEST(PublishedRoots, FileOfOneChunk) {
  EXPECT_EQ(file_root(kOld, "chunk-v0-seed", 262'144),
            "QmWmRj3dFDZdb6ABvbmKhEL6TmPbAfBZ1t5BxsEyJrcZhE");
  EXPECT_EQ(file_root(kNew, "chunk-v1-seed", 1'048'576),
            "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta");
}

TEST(PublishedRoots, FileOfAByteMoreThanAChunk) {
  EXPECT_EQ(file_root(kOld, "chunk-v0-seed", 262'145),
            "QmYyLxtzZyW22zpoVAtKANLRHpDjZtNeDjQdJrcQNWoRkJ");
  EXPECT_EQ(file_root(kNew, "chunk-v1-seed", 1'048'577),
            "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64");
}

TEST(PublishedRoots, FileOfAFullNode) {
  EXPECT_EQ(file_root(kOld, "v0-seed", 174 * 262'144),
            "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2");
}

TEST(PublishedRoots, FileOfAByteMoreThanAFullNode) {
  EXPECT_EQ(file_root(kOld, "v0-seed", 174 * 262'144 + 1),
            "QmV81WL765sC8DXsRhE5fJv2rwhS4icHRaf3J9Zk5FdRnW");
}

std::string layout_root(std::span<const Cid> leaves, std::uint64_t last_size) {
  const ImportProfile profile = profile_named(kNew);
  CidSink sink;
  BalancedLayout layout(profile, sink);
  for (const Cid& cid : leaves) {
    const bool is_last = &cid == &leaves.back();
    const std::uint64_t size = is_last ? last_size : profile.chunk_size;
    EXPECT_TRUE(
        layout.add({.cid = cid, .size = size, .total_size = size}).ok());
  }
  return layout.finish({}).value().cid.to_string();
}

// Both roots from one pass: the second file has a leaf of one byte more. The
// leaves are hashed one by one because that is quick in debug builds as well.
TEST(PublishedRoots, FilesOfAGibibyteAndAByteMore) {
  constexpr std::uint64_t kChunk = 1'048'576;
  constexpr std::uint64_t kLeaves = 1024;
  const ImportProfile profile = profile_named(kNew);
  std::vector<Cid> cids(kLeaves + 1);
  {
    HashPool pool;
    std::size_t next = 0;
    tests::chacha_stream(
        "v1-2025-seed", kLeaves * kChunk + 1, [&](ByteView portion) {
          Cid* const cid = &cids[next++];
          // Every second one here, so that no more than a few wait.
          if (next % 2 == 0) {
            *cid = name_block(profile, Codec::kRaw, portion).value();
            return;
          }
          pool.run(
              [&profile, cid, copy = Bytes(portion.begin(), portion.end())] {
                *cid = name_block(profile, Codec::kRaw, copy).value();
              });
        });
  }
  EXPECT_EQ(layout_root(std::span(cids).first(kLeaves), kChunk),
            "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm");
  EXPECT_EQ(layout_root(cids, 1),
            "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe");
}

TEST(PublishedRoots, DirectoryThatJustFits) {
  EXPECT_EQ(directory_root(kOld, 4096, 30, 30),
            "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN");
  EXPECT_EQ(directory_root(kNew, 4766, 11, 21),
            "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4");
}

TEST(PublishedRoots, DirectoryOfAByteMore) {
  EXPECT_EQ(directory_root(kOld, 4033, 31, 31),
            "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP");
  EXPECT_EQ(directory_root(kNew, 4766, 11, 22),
            "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu");
}

// Well known, if not from that page.
TEST(PublishedRoots, EmptyDirectory) {
  CidSink sink;
  const auto root = [&](std::string_view profile) {
    DirectoryBuilder directory(profile_named(profile), sink);
    return directory.finish().value().cid.to_string();
  };
  EXPECT_EQ(root(kOld), "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
  EXPECT_EQ(root(kNew),
            "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
}

}  // namespace
}  // namespace dagfs::car
