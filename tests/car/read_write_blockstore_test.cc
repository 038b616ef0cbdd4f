// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/read_write_blockstore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "car/car_verifier.h"
#include "tests/car/growing_car.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::Eq;
using testing::HasSubstr;
using tests::create_store;
using tests::FailsWith;
using tests::FakeDisk;
using tests::finished_file;
using tests::IsOkAnd;
using tests::RecordingObserver;
using tests::small_options;
using tests::test_block;
using tests::test_blocks;
using tests::TestBlock;

constexpr std::size_t kAnyLength = 100;

// What car_verifier says of the file: the code that judges everybody's CARs.
CarReport verify(const Bytes& file_bytes) {
  const auto file = std::make_shared<MemoryFile>(file_bytes);
  const CarHeader header = read_car_header(*file).value();
  return verify_car(file, header, {}).value();
}

Cid identity_cid(std::size_t size) {
  return Cid::of(Codec::kRaw, HashCode::kIdentity, Bytes(size)).value();
}

Cid v0_of(const Cid& cid) {
  return Cid::from_bytes(cid.multihash_bytes()).value();
}

TEST(ReadWriteBlockstore, FinishedFileIsRightInEveryRespect) {
  const std::vector<TestBlock> blocks = test_blocks(50, kAnyLength);

  const Bytes file = finished_file(blocks);

  const CarReport report = verify(file);
  EXPECT_EQ(report.section_count, blocks.size());
  EXPECT_EQ(report.bad_count, 0U);
  EXPECT_EQ(report.unverifiable_count, 0U);
  EXPECT_TRUE(report.missing_roots.empty());
  EXPECT_EQ(report.embedded_index, "matches");
}

TEST(ReadWriteBlockstore, FinishSaysWhatTheFileHolds) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock block = test_block("hello");
  store->put(block.cid, block.bytes).value();

  const FinishedCar car = store->finish({block.cid}).value();

  const Bytes bytes = disk->content();
  const auto read = read_car_header(MemoryFile(bytes));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->payload, car.header.payload);
  EXPECT_EQ(read->first_section, car.header.first_section);
  EXPECT_EQ(read->roots, car.header.roots);
  EXPECT_EQ(read->v2->index_offset, car.index.offset);
  EXPECT_EQ(car.file_size, bytes.size());
  EXPECT_EQ(car.index.offset + car.index.size, bytes.size());
  EXPECT_EQ(car.block_count, 1U);
  EXPECT_EQ(car.block_bytes, 5U);
  EXPECT_EQ(car.header.payload.offset, 51U);
}

TEST(ReadWriteBlockstore, NothingButAHeaderIsACarToo) {
  const auto disk = std::make_shared<FakeDisk>();

  const auto car = create_store(disk)->finish({});

  ASSERT_TRUE(car.ok());
  EXPECT_EQ(verify(disk->content()).section_count, 0U);
}

TEST(ReadWriteBlockstore, SecondPutOfACidStoresNothing) {
  const auto store = create_store(std::make_shared<FakeDisk>());
  const std::vector<TestBlock> blocks = test_blocks(20, kAnyLength);
  std::vector<std::uint64_t> offsets;
  for (const TestBlock& block : blocks) {
    offsets.push_back(store->put(block.cid, block.bytes).value());
  }
  const std::uint64_t end = store->end();

  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_THAT(store->put(blocks[i].cid, blocks[i].bytes),
                IsOkAnd(offsets[i]));
  }
  EXPECT_EQ(store->end(), end);
  EXPECT_EQ(store->block_count(), blocks.size());
}

TEST(ReadWriteBlockstore, CidsOfOneDigestAreSectionsOfTheirOwn) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock raw = test_block("x");
  const TestBlock cbor = test_block(raw.bytes, Codec::kDagCbor);
  const Cid v0 = v0_of(raw.cid);

  for (const Cid& cid : {raw.cid, cbor.cid, v0}) {
    EXPECT_THAT(store->has(cid), IsOkAnd(false));
    ASSERT_TRUE(store->put(cid, raw.bytes).ok());
    EXPECT_THAT(store->has(cid), IsOkAnd(true));
    ASSERT_TRUE(store->put(cid, raw.bytes).ok());
  }
  ASSERT_TRUE(store->finish({v0}).ok());

  EXPECT_EQ(verify(disk->content()).section_count, 3U);
}

TEST(ReadWriteBlockstore, IdentityCidsAreNotStored) {
  const auto store = create_store(std::make_shared<FakeDisk>());
  const Cid cid = identity_cid(3);

  EXPECT_THAT(store->put(cid, Bytes(3)), IsOkAnd(kNotStored));
  EXPECT_EQ(store->block_count(), 0U);
  EXPECT_THAT(store->has(cid), IsOkAnd(true));
  EXPECT_EQ(*store->get(cid).value(), Bytes(3));
  EXPECT_THAT(store->locate(cid), FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ReadWriteBlockstore, WhatCouldNotBeReadAgainIsRefused) {
  const auto store = create_store(std::make_shared<FakeDisk>());
  const Bytes digest(33);
  const auto cid = [&](HashCode code, std::size_t size) {
    return Cid::v1(Codec::kRaw, {code, ByteView(digest).first(size)});
  };

  EXPECT_THAT(store->put(Cid(), {}), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->put(cid(HashCode{0x9999}, 32), {}),
              FailsWith(ErrorCode::kUnsupported));
  EXPECT_THAT(store->put(cid(HashCode::kSha2_256, 0), {}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->put(cid(HashCode::kSha2_256, 33), {}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_EQ(store->block_count(), 0U);
}

TEST(ReadWriteBlockstore, BlocksAreReadBackAtOnceBufferedOrNot) {
  const auto store = create_store(std::make_shared<FakeDisk>());
  for (const std::size_t size : {0U, 1U, 100U, 200U, 300U, 70'000U, 5U}) {
    const TestBlock block = test_block(Bytes(size, std::byte{7}));
    const std::uint64_t offset = store->put(block.cid, block.bytes).value();

    EXPECT_EQ(*store->get(block.cid).value(), block.bytes);
    const BlockLocation location = store->locate(block.cid).value();
    EXPECT_EQ(location.size, size);
    EXPECT_EQ(location.offset, offset + location.head_size);
    EXPECT_EQ(store->locate_at(offset)->offset, location.offset);
    Bytes read(size);
    ASSERT_TRUE(store->read_at(location.offset, read).ok());
    EXPECT_EQ(read, block.bytes);
  }
}

TEST(ReadWriteBlockstore, ReadsMayCrossIntoTheBuffer) {
  const auto store = create_store(std::make_shared<FakeDisk>());
  for (const TestBlock& block : test_blocks(10, 60)) {
    store->put(block.cid, block.bytes).value();
  }

  Bytes whole(store->end());
  ASSERT_TRUE(store->read_at(0, whole).ok());
  for (std::uint64_t offset = 0; offset < whole.size(); offset += 13) {
    const ByteView rest = ByteView(whole).subspan(offset);
    Bytes part(std::min<std::size_t>(rest.size(), 40));
    ASSERT_TRUE(store->read_at(offset, part).ok());
    EXPECT_TRUE(std::ranges::equal(part, rest.first(part.size())));
  }
}

TEST(ReadWriteBlockstore, NothingIsReadPastTheEndOrBeforeTheSections) {
  const auto store = create_store(std::make_shared<FakeDisk>());
  const TestBlock block = test_block("hello");
  store->put(block.cid, block.bytes).value();
  Bytes out(6);

  EXPECT_THAT(store->read_at(store->end() - 5, out),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->read_at(~std::uint64_t{0}, out),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->locate_at(store->end()),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->locate_at(0), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->get(test_block("other").cid),
              FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(store->locate(test_block("other").cid),
              FailsWith(ErrorCode::kNotFound));
}

TEST(ReadWriteBlockstore, ReadsGoOnAfterFinishAndPutsDoNot) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const std::vector<TestBlock> blocks = test_blocks(30, kAnyLength);
  for (const TestBlock& block : blocks) {
    store->put(block.cid, block.bytes).value();
  }
  ASSERT_TRUE(store->finish({}).ok());

  for (const TestBlock& block : blocks) {
    EXPECT_EQ(*store->get(block.cid).value(), block.bytes);
  }
  EXPECT_THAT(store->put(test_block("y").cid, as_bytes("y")),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->finish({}), FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(store->flush(), FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ReadWriteBlockstore, RootsOfEveryLengthFitTheRoomTheyNeed) {
  const Cid root = test_block("hello").cid;
  const std::vector<std::vector<Cid>> cases = {
      {},
      {root},
      {v0_of(root)},
      {root, root, v0_of(root)},
      {Cid::of(Codec::kDagPb, HashCode::kBlake2b256, {}).value()},
      {identity_cid(126)},
      {identity_cid(2000)},
      std::vector<Cid>(90, root)};
  for (const std::vector<Cid>& roots : cases) {
    std::size_t longest = 0;
    for (const Cid& cid : roots) {
      longest = std::max(longest, cid.bytes().size());
    }
    const auto disk = std::make_shared<FakeDisk>();
    const auto store = create_store(
        disk, {.header_room = header_room_for(roots.size(), longest)});
    const TestBlock block = test_block("hello");
    store->put(block.cid, block.bytes).value();

    ASSERT_TRUE(store->finish(roots).ok());

    const CarHeader header =
        read_car_header(MemoryFile(disk->content())).value();
    EXPECT_EQ(header.roots, roots);
    EXPECT_EQ(verify(disk->content()).section_count, 1U);
  }
}

TEST(ReadWriteBlockstore, LargeRoomTakesAnyProfilesRoot) {
  for (const Cid& root : {test_block("hello").cid, identity_cid(126)}) {
    const auto disk = std::make_shared<FakeDisk>();
    const auto store = create_store(disk, {.header_room = kHeaderRoomLarge});
    const TestBlock block = test_block("hello");
    EXPECT_THAT(store->put(block.cid, block.bytes), IsOkAnd(256U));

    ASSERT_TRUE(store->finish({root}).ok());

    EXPECT_EQ(verify(disk->content()).embedded_index, "matches");
  }
}

TEST(ReadWriteBlockstore, RootsThatDoNotFitLeaveAllAsItWas) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock block = test_block("hello");
  store->put(block.cid, block.bytes).value();

  EXPECT_THAT(store->finish({block.cid, block.cid}),
              FailsWith(ErrorCode::kInvalidArgument));

  EXPECT_TRUE(store->finish({block.cid}).ok());
  EXPECT_EQ(verify(disk->content()).section_count, 1U);
}

TEST(ReadWriteBlockstore, FilesWithContentAndImpossibleRoomsAreRefused) {
  const auto create = [](Bytes content, std::uint64_t room) {
    return ReadWriteBlockstore::create(
        FakeDisk::open(std::make_shared<FakeDisk>(std::move(content))),
        {.header_room = room});
  };

  EXPECT_THAT(create(Bytes(1), kHeaderRoomUsual),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(create({}, kHeaderRoomMin - 1),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(create({}, kHeaderRoomMax + 1),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_TRUE(create({}, kHeaderRoomMin).ok());
  EXPECT_TRUE(create({}, kHeaderRoomMax).ok());
}

TEST(ReadWriteBlockstore, ObserverSeesTheFinalFile) {
  const auto disk = std::make_shared<FakeDisk>();
  RecordingObserver observer;
  const auto store = create_store(disk, small_options(&observer));
  for (const TestBlock& block : test_blocks(30, kAnyLength)) {
    store->put(block.cid, block.bytes).value();
  }
  const TestBlock large = test_block(Bytes(80'000));
  store->put(large.cid, large.bytes).value();

  ASSERT_TRUE(store->finish({large.cid}).ok());

  EXPECT_EQ(observer.bytes, disk->content());
  EXPECT_EQ(observer.patch_count, 1);
}

TEST(ReadWriteBlockstore, DiscardLeavesAnEmptyFile) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock block = test_block(Bytes(1000));
  store->put(block.cid, block.bytes).value();

  ASSERT_TRUE(store->discard().ok());

  EXPECT_TRUE(disk->content().empty());
  EXPECT_THAT(store->get(block.cid), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(store->put(block.cid, block.bytes),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ReadWriteBlockstore, FullDiskLosesNothingThatWasPut) {
  const std::vector<TestBlock> blocks = test_blocks(12, kAnyLength);
  const Bytes expected = finished_file(blocks);
  for (std::uint64_t space = 0; space < expected.size(); ++space) {
    const auto disk = std::make_shared<FakeDisk>();
    RecordingObserver observer;
    const auto store = create_store(disk, small_options(&observer));
    disk->set_space(space);
    int failures = 0;
    const auto retry = [&](auto attempt) {
      auto result = attempt();
      if (result.ok()) return;
      ++failures;
      EXPECT_EQ(result.error().code(), ErrorCode::kNoSpace);
      disk->set_space(FakeDisk::kUnlimited);
      EXPECT_TRUE(attempt().ok());
    };

    for (const TestBlock& block : blocks) {
      retry([&] { return store->put(block.cid, block.bytes); });
    }
    retry([&] { return store->finish({blocks.front().cid}); });

    EXPECT_EQ(failures, 1);
    ASSERT_EQ(disk->content(), expected) << "with space for " << space;
    ASSERT_EQ(observer.bytes, expected);
  }
}

TEST(ReadWriteBlockstore, BlockThatDidNotFitIsNotThere) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock first = test_block("first");
  store->put(first.cid, first.bytes).value();
  const std::uint64_t end = store->end();
  const TestBlock large = test_block(Bytes(100'000));
  disk->set_space(50'000);

  EXPECT_THAT(store->put(large.cid, large.bytes),
              FailsWith(ErrorCode::kNoSpace));

  EXPECT_THAT(store->has(large.cid), IsOkAnd(false));
  EXPECT_EQ(store->end(), end);
  EXPECT_EQ(*store->get(first.cid).value(), first.bytes);
  EXPECT_LT(disk->content().size(), 1000U);
}

TEST(ReadWriteBlockstore, FailedFinishMayBeFollowedByPuts) {
  const std::vector<TestBlock> blocks = test_blocks(12, kAnyLength);
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  for (std::size_t i = 0; i < 6; ++i) {
    store->put(blocks[i].cid, blocks[i].bytes).value();
  }
  ASSERT_TRUE(store->flush().ok());
  disk->set_space(100);  // Some of the index.
  ASSERT_THAT(store->finish({}), FailsWith(ErrorCode::kNoSpace));
  disk->set_space(FakeDisk::kUnlimited);

  for (const TestBlock& block : blocks) {
    ASSERT_TRUE(store->put(block.cid, block.bytes).ok());
  }
  ASSERT_TRUE(store->finish({blocks.front().cid}).ok());

  EXPECT_EQ(disk->content(), finished_file(blocks));
}

TEST(ReadWriteBlockstore, FailedSyncIsFinal) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock block = test_block("hello");
  store->put(block.cid, block.bytes).value();
  disk->set_sync_fails(true);
  ASSERT_THAT(store->sync(), FailsWith(ErrorCode::kIo));
  disk->set_sync_fails(false);

  EXPECT_THAT(store->sync(), FailsWith(ErrorCode::kIo));
  EXPECT_THAT(store->finish({}), FailsWith(ErrorCode::kIo));
  EXPECT_EQ(*store->get(block.cid).value(), block.bytes);
}

TEST(ReadWriteBlockstore, WrongBytesOnDiskAreNotHandedOut) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  const TestBlock block = test_block(Bytes(1000));
  store->put(block.cid, block.bytes).value();
  ASSERT_TRUE(store->flush().ok());
  const BlockLocation location = store->locate(block.cid).value();

  ASSERT_TRUE(
      FakeDisk::open(disk)->write_at(location.offset, as_bytes("x")).ok());

  EXPECT_THAT(store->get(block.cid), FailsWith(ErrorCode::kCorrupt));
}

TEST(ReadWriteBlockstore, ReadersAndTheWriterDoNotDisturbEachOther) {
  const std::vector<TestBlock> blocks = test_blocks(2000, 50);
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  std::atomic<std::size_t> put_count = 0;
  std::atomic<bool> is_wrong = false;
  const auto read = [&](std::size_t step) {
    for (std::size_t i = 0; i < blocks.size(); i += step) {
      while (put_count.load() <= i) std::this_thread::yield();
      const auto block = store->get(blocks[i].cid);
      if (!block.ok() || **block != blocks[i].bytes) is_wrong = true;
    }
  };

  {
    std::jthread first(read, 1);
    std::jthread second(read, 3);
    for (const TestBlock& block : blocks) {
      store->put(block.cid, block.bytes).value();
      put_count.fetch_add(1);
    }
    EXPECT_TRUE(store->finish({}).ok());
  }

  EXPECT_FALSE(is_wrong.load());
}

}  // namespace
}  // namespace dagfs::car
