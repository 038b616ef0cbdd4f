// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/read_only_blockstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "car/base/endian.h"
#include "tests/support/car_builder.h"
#include "tests/support/counting_file.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::Block;
using car::BlockLocation;
using car::Cid;
using car::Codec;
using car::HashCode;
using car::IndexCodec;
using car::ReadOnlyBlockstore;
using car::StoredBlock;
using testing::_;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string text_of(const Result<Block>& block) {
  return block.ok() ? std::string(as_text(**block)) : block.error().message();
}

std::string message_of(const auto& result) {
  return result.ok() ? "it succeeded" : result.error().message();
}

// A store over a builder's CAR whose file counts what is read from it.
struct CountedStore {
  explicit CountedStore(const CarBuilder& builder)
      : file(std::make_shared<CountingFile>(builder.file())) {
    const IndexedCar car = index_car(builder);
    store = std::make_unique<ReadOnlyBlockstore>(file, car.header, car.index);
  }

  std::shared_ptr<CountingFile> file;
  std::unique_ptr<ReadOnlyBlockstore> store;
};

Cid cid_of_unknown_hash() {
  return Cid::v1(Codec::kRaw,
                 {static_cast<HashCode>(0x9999), as_bytes("0123456789abcdef")});
}

TEST(ReadOnlyBlockstore, BlocksOfAnySizeComeBack) {
  CarBuilder builder;
  std::vector<std::pair<Cid, std::string>> blocks;
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0, 1, 400, 473, 474, 475, 512, 4096, 5000, 3'000'000}) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    blocks.emplace_back(builder.block(text), text);
  }
  const auto store = index_car(builder).blockstore();

  for (const auto& [cid, text] : blocks) {
    EXPECT_TRUE(text_of(store->get(cid)) == text) << text.size();
    EXPECT_TRUE(text_of(store->get(cid)) == text) << text.size();
  }
}

TEST(ReadOnlyBlockstore, VersionAndCodecTakeNoPart) {
  CarBuilder builder;
  const Cid cid = builder.block_v0(as_bytes("node"));
  const auto store = index_car(builder).blockstore();

  EXPECT_EQ(text_of(store->get(Cid::v1(Codec::kRaw, cid.multihash()))), "node");
}

TEST(ReadOnlyBlockstore, AbsentBlockIsNotFoundByName) {
  CarBuilder builder;
  builder.block("here");
  CarBuilder other;
  const Cid absent = other.block("elsewhere");
  const auto store = index_car(builder).blockstore();

  EXPECT_THAT(store->get(absent), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(store->locate(absent), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(store->find(absent), IsOkAnd(IsEmpty()));
  EXPECT_THAT(message_of(store->get(absent)), HasSubstr(absent.to_string()));
}

TEST(ReadOnlyBlockstore, IdentityBlocksComeFromTheirCid) {
  CarBuilder builder;
  const Cid cid = Cid::v1(Codec::kRaw, {HashCode::kIdentity, as_bytes("me")});
  builder.section(cid, as_bytes("not me"));
  const auto store = index_car(builder).blockstore();

  EXPECT_EQ(text_of(store->get(cid)), "me");
  EXPECT_THAT(store->locate(cid), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->find(cid), IsOkAnd(SizeIs(1)));
}

TEST(ReadOnlyBlockstore, CidLongerThanTheFirstReadIsFound) {
  CarBuilder builder;
  const Cid cid =
      builder.identity_block(Codec::kRaw, Bytes(1500, std::byte{7}));
  const auto store = index_car(builder).blockstore();

  EXPECT_THAT(store->find(cid),
              IsOkAnd(ElementsAre(Field(&StoredBlock::cid, cid))));
}

TEST(ReadOnlyBlockstore, LocationIsWhereTheBlockLies) {
  CarBuilder builder;
  builder.block("first");
  const Cid cid = builder.block("second");
  builder.data_padding(100);
  const auto store = index_car(builder).blockstore();

  const auto location = store->locate(cid);

  ASSERT_TRUE(location.ok());
  const BuiltSection section = builder.sections()[1];
  EXPECT_EQ(location->offset, section.block.offset);
  EXPECT_EQ(location->size, 6u);
  EXPECT_EQ(location->head_size, section.size - 6);
  EXPECT_FALSE(store->is_verified(*location));
}

TEST(ReadOnlyBlockstore, BadBlockIsNeverServed) {
  CarBuilder builder;
  CarBuilder other;
  const Cid cid = other.block("good");
  builder.section(cid, as_bytes("evil"));
  const auto store = index_car(builder).blockstore();

  const auto location = store->locate(cid);

  ASSERT_TRUE(location.ok());  // Not read yet, so not known to be bad.
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(store->get(cid), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(message_of(store->get(cid)), HasSubstr(cid.to_string()));
    EXPECT_THAT(store->verify({&*location, 1}), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(message_of(store->verify({&*location, 1})),
                HasSubstr(cid.to_string()));
  }
  EXPECT_THAT(store->locate(cid), FailsWith(ErrorCode::kCorrupt));
  EXPECT_FALSE(store->is_verified(*location));
}

TEST(ReadOnlyBlockstore, GoodCopyIsServedInEitherOrder) {
  for (const bool good_first : {true, false}) {
    CarBuilder builder;
    CarBuilder other;
    const Cid cid = other.block("good");
    if (good_first) builder.section(cid, as_bytes("good"));
    builder.section(cid, as_bytes("evil"));
    if (!good_first) builder.section(cid, as_bytes("good"));
    const std::uint64_t good_offset =
        builder.sections()[good_first ? 0 : 1].block.offset;

    EXPECT_EQ(text_of(index_car(builder).blockstore()->get(cid)), "good");
    const auto store = index_car(builder).blockstore();
    const auto location = store->locate(cid);
    ASSERT_TRUE(location.ok());
    EXPECT_EQ(location->offset, good_offset);
    EXPECT_TRUE(store->is_verified(*location));
    EXPECT_TRUE(store->verify({&*location, 1}).ok());
    EXPECT_EQ(text_of(store->get(cid)), "good");
  }
}

TEST(ReadOnlyBlockstore, FindPutsTheVeryCidFirstAndBadOnesLast) {
  CarBuilder builder;
  const Cid raw = builder.block("good");
  const Cid cbor = Cid::v1(Codec::kDagCbor, raw.multihash());
  builder.section(cbor, as_bytes("evil"));
  builder.section(cbor, as_bytes("good"));
  const auto sections = builder.sections();
  const auto store = index_car(builder).blockstore();
  const auto offsets = [&](const Cid& cid) {
    std::vector<std::uint64_t> found;
    const auto blocks = store->find(cid);
    EXPECT_TRUE(blocks.ok());
    for (const StoredBlock& block : *blocks) {
      found.push_back(block.location.offset);
    }
    return found;
  };

  const std::uint64_t first = sections[0].block.offset;
  const std::uint64_t bad = sections[1].block.offset;
  const std::uint64_t last = sections[2].block.offset;
  EXPECT_THAT(offsets(raw), ElementsAre(first, bad, last));
  EXPECT_THAT(offsets(cbor), ElementsAre(bad, last, first));
  const auto blocks = store->find(cbor);
  EXPECT_FALSE(store->verify({&blocks->front().location, 1}).ok());
  EXPECT_THAT(offsets(cbor), ElementsAre(last, first, bad));
}

TEST(ReadOnlyBlockstore, UnknownHashFunctionIsUnsupportedEveryTime) {
  CarBuilder builder;
  const Cid cid = cid_of_unknown_hash();
  builder.section(cid, as_bytes("who knows"));
  builder.section(cid, as_bytes("who knows"));
  const auto store = index_car(builder).blockstore();

  const auto location = store->locate(cid);

  ASSERT_TRUE(location.ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(store->get(cid), FailsWith(ErrorCode::kUnsupported));
    EXPECT_THAT(store->verify({&*location, 1}),
                FailsWith(ErrorCode::kUnsupported));
  }
  EXPECT_THAT(message_of(store->get(cid)), HasSubstr(cid.to_string()));
}

TEST(ReadOnlyBlockstore, VerifiedBlocksAreNotReadAgainByVerify) {
  CarBuilder builder;
  std::vector<Cid> cids;
  for (int i = 0; i < 7; ++i) cids.push_back(builder.block(std::to_string(i)));
  const CountedStore counted(builder);
  std::vector<BlockLocation> locations;
  for (const Cid& cid : cids) {
    locations.push_back(*counted.store->locate(cid));
  }
  locations.push_back(locations.front());

  ASSERT_TRUE(counted.store->verify(locations).ok());
  counted.file->reset();
  ASSERT_TRUE(counted.store->verify(locations).ok());

  EXPECT_EQ(counted.file->reads(), 0u);
  for (const BlockLocation& location : locations) {
    EXPECT_TRUE(counted.store->is_verified(location));
  }
}

TEST(ReadOnlyBlockstore, SmallBlockTakesOneRead) {
  CarBuilder builder;
  const Cid cid = builder.block("small");
  const CountedStore counted(builder);

  ASSERT_TRUE(counted.store->get(cid).ok());

  EXPECT_EQ(counted.file->reads(), 1u);
}

TEST(ReadOnlyBlockstore, GetMarksItsBlockVerified) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  const auto store = index_car(builder).blockstore();
  const auto location = store->locate(cid);

  ASSERT_TRUE(store->get(cid).ok());

  EXPECT_TRUE(store->is_verified(*location));
}

TEST(ReadOnlyBlockstore, ReadErrorLeavesTheBlockToBeTriedAgain) {
  CarBuilder builder;
  const Cid first = builder.block("first");
  const Cid second = builder.block("second");
  const CountedStore counted(builder);
  const std::vector<BlockLocation> locations = {*counted.store->locate(first),
                                                *counted.store->locate(second)};

  counted.file->fail_at(locations[1].offset);
  EXPECT_THAT(counted.store->verify(locations), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(counted.store->get(second), FailsWith(ErrorCode::kIo));
  counted.file->fail_at(CountingFile::kNowhere);

  EXPECT_TRUE(counted.store->verify(locations).ok());
  EXPECT_EQ(text_of(counted.store->get(second)), "second");
}

TEST(ReadOnlyBlockstore, OneBadBlockOfAPairIsNamedAndTheOtherVerified) {
  CarBuilder builder;
  const Cid good = builder.block("good");
  CarBuilder other;
  const Cid bad = other.block("bad");
  builder.section(bad, as_bytes("evil"));
  const auto store = index_car(builder).blockstore();
  const std::vector<BlockLocation> locations = {*store->locate(good),
                                                *store->locate(bad)};

  const Status status = store->verify(locations);

  EXPECT_THAT(status, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(message_of(status), HasSubstr(bad.to_string()));
  EXPECT_TRUE(store->is_verified(locations[0]));
}

TEST(ReadOnlyBlockstore, LocationsOfNoBlockAreInvalid) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  const auto store = index_car(builder).blockstore();
  const BlockLocation right = *store->locate(cid);

  BlockLocation location = right;
  location.ordinal = 1;
  EXPECT_THAT(store->verify({&location, 1}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_FALSE(store->is_verified(location));
  location = right;
  location.size = ~std::uint64_t{0};
  EXPECT_THAT(store->verify({&location, 1}),
              FailsWith(ErrorCode::kInvalidArgument));
  location = right;
  location.head_size += 1;
  EXPECT_THAT(store->verify({&location, 1}), FailsWith(ErrorCode::kCorrupt));
  EXPECT_TRUE(store->verify({&right, 1}).ok());
}

TEST(ReadOnlyBlockstore, IndexThatPointsElsewhereIsCorrupt) {
  CarBuilder builder;
  const Cid first = builder.block("first");
  builder.block("second");
  const IndexedCar car = index_car(builder);
  for (const std::uint64_t position :
       {builder.sections()[1].position, std::uint64_t{0}, std::uint64_t{20},
        ~std::uint64_t{0}, builder.payload().size() - 1}) {
    SCOPED_TRACE(position);
    Bytes bytes = car.index_bytes;
    const auto entries = car.index->find(first.multihash());
    ASSERT_THAT(entries, IsOkAnd(SizeIs(1)));
    const std::size_t entry = bytes.size() - 80 + 40 * entries->front().ordinal;
    store_le(bytes.data() + entry + 32, position);
    const auto index = open_index(bytes);
    ASSERT_TRUE(index.ok());
    const ReadOnlyBlockstore store(car.file, car.header, *index);

    EXPECT_THAT(store.get(first), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(store.locate(first), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(store.find(first), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(message_of(store.get(first)), HasSubstr("index points at"));
  }
}

TEST(ReadOnlyBlockstore, ManyThreadsVerifyTheSameBlocksOnce) {
  CarBuilder builder;
  std::vector<Cid> cids;
  for (int i = 0; i < 400; ++i) {
    cids.push_back(builder.block(std::string(3000, 'x') + std::to_string(i)));
  }
  const CountedStore counted(builder);
  std::vector<BlockLocation> locations;
  for (const Cid& cid : cids) {
    locations.push_back(*counted.store->locate(cid));
  }
  counted.file->reset();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      std::vector<BlockLocation> mine = locations;
      if (i % 2 == 1) std::ranges::reverse(mine);
      EXPECT_THAT(counted.store->verify(mine), IsOkAnd(_));
      for (const BlockLocation& location : mine) {
        EXPECT_TRUE(counted.store->is_verified(location));
      }
    });
  }
  threads.clear();

  EXPECT_EQ(counted.file->reads(), locations.size());
}

// Blocks of several slices, one of another hash function, one damaged.
TEST(ReadOnlyBlockstore, BlocksOfAllSizesAreVerifiedTogether) {
  CarBuilder builder;
  std::vector<Cid> cids;
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0, 1, 63, 64, 32767, 32768, 32769, 100'000, 3'000'000, 65536, 7}) {
    cids.push_back(builder.block(std::string(size, 'a')));
  }
  const std::string odd(70'000, 'o');
  const Bytes digest =
      car::hash_bytes(HashCode::kBlake3, as_bytes(odd)).value();
  cids.push_back(Cid::v1(Codec::kRaw, {HashCode::kBlake3, digest}));
  builder.section(cids.back(), as_bytes(odd));
  std::string damaged(100'000, 'd');
  CarBuilder other;
  const Cid bad = other.block(damaged);
  damaged.back() = 'x';
  builder.section(bad, as_bytes(damaged));
  const CountedStore counted(builder);
  std::vector<BlockLocation> locations;
  for (const Cid& cid : cids) {
    locations.push_back(*counted.store->locate(cid));
  }
  const BlockLocation bad_location = *counted.store->locate(bad);

  EXPECT_THAT(counted.store->verify(locations), IsOkAnd(_));
  EXPECT_THAT(counted.store->verify({&bad_location, 1}),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadOnlyBlockstore, VerifiedEarlyIsNotHashedAgain) {
  CarBuilder builder;
  const Cid good = builder.block("good");
  CarBuilder other;
  const Cid bad = other.block("bad");
  builder.section(bad, as_bytes("evil"));
  const CountedStore counted(builder);
  const std::vector<BlockLocation> locations = {*counted.store->locate(bad),
                                                *counted.store->locate(good)};

  counted.store->verify_early(locations);
  counted.file->reset();

  EXPECT_THAT(counted.store->verify({&locations[1], 1}), IsOkAnd(_));
  EXPECT_EQ(counted.file->reads(), 0u);
  EXPECT_THAT(counted.store->verify(locations), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadOnlyBlockstore, WhatCannotBeReadEarlyIsTriedAgain) {
  CarBuilder builder;
  const Cid cid = builder.block(std::string(100'000, 'a'));
  const CountedStore counted(builder);
  const BlockLocation location = *counted.store->locate(cid);

  counted.file->fail_at(location.offset + 90'000);
  counted.store->verify_early({&location, 1});
  EXPECT_THAT(counted.store->verify({&location, 1}), FailsWith(ErrorCode::kIo));
  counted.file->fail_at(CountingFile::kNowhere);

  EXPECT_THAT(counted.store->verify({&location, 1}), IsOkAnd(_));
}

}  // namespace
}  // namespace dagfs::tests
