// SPDX-License-Identifier: Apache-2.0 OR MIT

// Resuming: files cut anywhere, damaged, finished, and after power cuts.

#include "car/car_resume.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "car/base/kill_point.h"
#include "car/car_verifier.h"
#include "car/read_write_blockstore.h"
#include "tests/car/growing_car.h"
#include "tests/support/car_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::car {
namespace {

using testing::HasSubstr;
using tests::CarBuilder;
using tests::create_store;
using tests::FailsWith;
using tests::FakeDisk;
using tests::finished_file;
using tests::IsOkAnd;
using tests::RecordingObserver;
using tests::resume_store;
using tests::small_options;
using tests::test_block;
using tests::test_blocks;
using tests::TestBlock;

// A file that is not finished, and where each of its sections ends.
struct Unfinished {
  std::vector<TestBlock> blocks;
  Bytes bytes;
  std::vector<std::uint64_t> ends;

  std::size_t whole_before(std::uint64_t size) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        ends, [size](std::uint64_t end) { return end <= size; }));
  }
};

Unfinished unfinished(std::size_t count, std::size_t size) {
  Unfinished made{.blocks = test_blocks(count, size)};
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk);
  for (const TestBlock& block : made.blocks) {
    store->put(block.cid, block.bytes).value();
    made.ends.push_back(store->end());
  }
  store->flush().value();
  made.bytes = disk->content();
  return made;
}

void put_all(ReadWriteBlockstore* store, const std::vector<TestBlock>& blocks) {
  for (const TestBlock& block : blocks) {
    ASSERT_TRUE(store->put(block.cid, block.bytes).ok());
  }
}

Bytes first_bytes(const Bytes& bytes, std::uint64_t size) {
  return Bytes(bytes.begin(),
               bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

TEST(Resume, FileCutAnywhereKeepsItsWholeSectionsAndCanBeCompleted) {
  const Unfinished made = unfinished(8, 40);
  const Bytes expected = finished_file(made.blocks);
  for (std::uint64_t size = 0; size <= made.bytes.size(); ++size) {
    const auto disk = std::make_shared<FakeDisk>(first_bytes(made.bytes, size));
    RecordingObserver observer;

    auto resumed = resume_store(disk, small_options(&observer));

    ASSERT_THAT(resumed, IsOkAnd(testing::_)) << "cut at " << size;
    const std::size_t whole = made.whole_before(size);
    EXPECT_EQ(resumed->report.block_count, whole);
    EXPECT_EQ(resumed->report.kept_size + resumed->report.cut_size, size);
    EXPECT_EQ(resumed->report.cut_reason.empty(),
              resumed->report.cut_size == 0);
    EXPECT_FALSE(resumed->report.was_finished);
    for (std::size_t i = 0; i < made.blocks.size(); ++i) {
      EXPECT_THAT(resumed->store->has(made.blocks[i].cid), IsOkAnd(i < whole));
    }
    put_all(resumed->store.get(), made.blocks);
    ASSERT_TRUE(resumed->store->finish({made.blocks.front().cid}).ok());
    ASSERT_EQ(disk->content(), expected) << "cut at " << size;
    ASSERT_EQ(observer.bytes, expected);
  }
}

TEST(Resume, ZerosWhereBytesWereLostAreCutToo) {
  const Unfinished made = unfinished(6, 40);
  for (std::uint64_t size = 0; size < made.bytes.size(); ++size) {
    Bytes holed = first_bytes(made.bytes, size);
    holed.resize(made.bytes.size());  // As ext4 leaves it after a power cut.
    // Zeros at the end of a block may be what it had: there are none here.
    const auto disk = std::make_shared<FakeDisk>(holed);

    auto resumed = resume_store(disk);

    if (!resumed.ok()) {  // Zeros in the inner header, and nothing behind it.
      EXPECT_EQ(made.whole_before(size), 0U);
      continue;
    }
    ASSERT_EQ(resumed->report.block_count, made.whole_before(size));
    put_all(resumed->store.get(), made.blocks);
    ASSERT_TRUE(resumed->store->finish({made.blocks.front().cid}).ok());
    ASSERT_EQ(disk->content(), finished_file(made.blocks));
  }
}

TEST(Resume, DamageAnywhereCutsThereAndNeverServesWrongBytes) {
  const Unfinished made = unfinished(6, 40);
  for (std::size_t at = 110; at < made.bytes.size(); ++at) {
    // No digest covers the CID's codec, the third byte of a section.
    const std::size_t whole = made.whole_before(at);
    if (at == (whole == 0 ? 110 : made.ends[whole - 1]) + 2) continue;
    Bytes damaged = made.bytes;
    damaged[at] ^= std::byte{0x41};

    const auto resumed = resume_store(std::make_shared<FakeDisk>(damaged));

    ASSERT_TRUE(resumed.ok());
    EXPECT_EQ(resumed->report.block_count, whole);
    EXPECT_NE(resumed->report.cut_size, 0U);
  }
}

TEST(Resume, WritesNothingUntilSomethingIsPut) {
  const Unfinished made = unfinished(6, 40);
  const Bytes cut = first_bytes(made.bytes, made.bytes.size() - 3);
  for (const Bytes& bytes : {cut, finished_file(made.blocks)}) {
    const auto disk = std::make_shared<FakeDisk>(bytes);
    {
      const auto resumed = resume_store(disk);
      ASSERT_TRUE(resumed.ok());
      EXPECT_EQ(*resumed->store->get(made.blocks[2].cid).value(),
                made.blocks[2].bytes);
      // Is there already.
      EXPECT_TRUE(
          resumed->store->put(made.blocks[2].cid, made.blocks[2].bytes).ok());
    }
    EXPECT_EQ(disk->change_count(), 0U);
  }
}

TEST(Resume, CutTailIsGoneOnceSomethingIsSynced) {
  const Unfinished made = unfinished(6, 40);
  const auto disk = std::make_shared<FakeDisk>(
      first_bytes(made.bytes, made.bytes.size() - 3));

  const auto resumed = resume_store(disk);
  ASSERT_TRUE(resumed->store->sync().ok());

  EXPECT_EQ(disk->content().size(), made.ends[4]);
  EXPECT_THAT(resumed->report.cut_reason, HasSubstr("past the payload"));
}

TEST(Resume, FinishedFileTakesMoreBlocks) {
  const std::vector<TestBlock> blocks = test_blocks(20, 100);
  const std::vector<TestBlock> half(blocks.begin(), blocks.begin() + 10);
  const auto disk = std::make_shared<FakeDisk>(finished_file(half));
  RecordingObserver observer;

  auto resumed = resume_store(disk, small_options(&observer));

  ASSERT_TRUE(resumed.ok());
  EXPECT_TRUE(resumed->report.was_finished);
  EXPECT_EQ(resumed->report.cut_size, 0U);
  EXPECT_EQ(resumed->report.roots, std::vector<Cid>{blocks[0].cid});
  put_all(resumed->store.get(), blocks);
  ASSERT_TRUE(resumed->store->finish({blocks[0].cid}).ok());
  EXPECT_EQ(disk->content(), finished_file(blocks));
  EXPECT_EQ(observer.bytes, disk->content());
}

TEST(Resume, FinishedFileIsAFinishedOneUntilABlockIsPut) {
  const std::vector<TestBlock> blocks = test_blocks(5, 100);
  const Bytes bytes = finished_file(blocks);
  const auto disk = std::make_shared<FakeDisk>(bytes);

  const auto resumed = resume_store(disk);
  ASSERT_TRUE(resumed->store->flush().ok());
  ASSERT_TRUE(resumed->store->sync().ok());
  EXPECT_EQ(disk->content(), bytes);

  ASSERT_TRUE(resumed->store->finish({blocks.front().cid}).ok());
  EXPECT_EQ(disk->content(), bytes);
}

TEST(Resume, ReopenedFileThatDiedKeepsItsBlocks) {
  const std::vector<TestBlock> blocks = test_blocks(20, 100);
  const std::vector<TestBlock> half(blocks.begin(), blocks.begin() + 10);
  const auto disk = std::make_shared<FakeDisk>(finished_file(half));
  {
    auto resumed = resume_store(disk);
    put_all(resumed->store.get(), blocks);
    ASSERT_TRUE(resumed->store->flush().ok());
  }
  EXPECT_THAT(read_car_header(MemoryFile(disk->content())),
              FailsWith(ErrorCode::kCorrupt));

  const auto resumed = resume_store(disk);

  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(resumed->report.block_count, 20U);
  EXPECT_EQ(resumed->report.roots, std::vector<Cid>{blocks[0].cid});
}

TEST(Resume, FinishedFileOfAnotherWriterTakesMoreBlocks) {
  CarBuilder builder;
  const Cid root = builder.block("root");
  builder.identity_block(Codec::kRaw, as_bytes("identity"));
  builder.section(root, as_bytes("root"));  // Twice.
  builder.root(root).version2().data_padding(100).index_padding(20).index(
      IndexCodec::kIndexSorted);
  const auto disk = std::make_shared<FakeDisk>(builder.bytes());
  const TestBlock block = test_block("more");

  const auto resumed = resume_store(disk);
  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(resumed->report.block_count, 3U);
  ASSERT_TRUE(resumed->store->put(block.cid, block.bytes).ok());
  ASSERT_TRUE(resumed->store->finish({root, block.cid}).ok());

  const auto file = std::make_shared<MemoryFile>(disk->content());
  const CarReport report =
      verify_car(file, read_car_header(*file).value(), {}).value();
  EXPECT_EQ(report.section_count, 4U);
  EXPECT_EQ(report.embedded_index, "matches");
  EXPECT_TRUE(report.missing_roots.empty());
}

TEST(Resume, JunkBeforeAnotherWritersPayloadDoesNotHideItAfterADeath) {
  CarBuilder builder;
  const Cid root = builder.block("root");
  builder.root(root).version2().data_padding(100);
  Bytes bytes = builder.bytes();
  std::fill_n(bytes.begin() + 51, 100, std::byte{0x33});
  const auto disk = std::make_shared<FakeDisk>(bytes);
  const TestBlock block = test_block("more");
  {
    const auto resumed = resume_store(disk);
    ASSERT_TRUE(resumed.ok());
    ASSERT_TRUE(resumed->store->put(block.cid, block.bytes).ok());
    ASSERT_TRUE(resumed->store->flush().ok());
  }

  const auto resumed = resume_store(disk);

  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(resumed->report.block_count, 2U);
}

TEST(Resume, FinishedFileWithAnyFaultIsRefused) {
  const std::vector<TestBlock> blocks = test_blocks(5, 100);
  const Bytes bytes = finished_file(blocks);
  Bytes flipped = bytes;
  flipped[300] ^= std::byte{1};

  EXPECT_THAT(resume_store(std::make_shared<FakeDisk>(flipped)),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(resume_store(std::make_shared<FakeDisk>(first_bytes(bytes, 400))),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(Resume, FilesThatAreNoneOfOursAreRefused) {
  CarBuilder version1;
  version1.block("hello");
  const std::vector<Bytes> files = {
      version1.bytes(), Bytes(200, std::byte{'x'}), Bytes(1, std::byte{1}),
      CarBuilder().version2().data_padding(5000).bytes()};
  for (const Bytes& bytes : files) {
    const auto resumed = resume_store(std::make_shared<FakeDisk>(bytes));
    ASSERT_FALSE(resumed.ok());
    EXPECT_NE(resumed.error().code(), ErrorCode::kIo);
  }
}

TEST(Resume, RoomOfTheFileCountsAndNotThatOfTheOptions) {
  const auto disk = std::make_shared<FakeDisk>();
  const std::vector<TestBlock> blocks = test_blocks(5, 100);
  {
    const auto store = create_store(disk, {.header_room = kHeaderRoomLarge});
    put_all(store.get(), blocks);
    ASSERT_TRUE(store->flush().ok());
  }

  const auto resumed = resume_store(disk);

  EXPECT_EQ(resumed->report.block_count, 5U);
  EXPECT_TRUE(resumed->store->finish({blocks[0].cid, blocks[1].cid}).ok());
}

TEST(Resume, UnreadableInnerHeaderIsReplacedByTheRoomOfTheOptions) {
  Unfinished made = unfinished(5, 100);
  std::fill_n(made.bytes.begin() + 51, 59, std::byte{0});

  const auto resumed = resume_store(std::make_shared<FakeDisk>(made.bytes));
  const auto wrong = resume_store(std::make_shared<FakeDisk>(made.bytes),
                                  {.header_room = kHeaderRoomLarge});

  EXPECT_EQ(resumed->report.block_count, 5U);
  EXPECT_THAT(wrong, FailsWith(ErrorCode::kCorrupt));
}

TEST(Resume, OnlyTheTailIsHashedWhereThatIsAskedFor) {
  const Unfinished made = unfinished(10, 100);
  const auto resume = [&](std::size_t damaged_at, std::uint64_t tail) {
    Bytes bytes = made.bytes;
    if (damaged_at != 0) bytes[damaged_at] ^= std::byte{1};
    return ReadWriteBlockstore::resume(
               FakeDisk::open(std::make_shared<FakeDisk>(bytes)),
               {.write = small_options(), .verified_tail = tail})
        ->report.block_count;
  };
  const std::size_t early = made.ends[2] - 1;  // In the third block.
  const std::size_t late = made.ends[8] - 1;   // In the ninth.

  EXPECT_EQ(resume(0, 200), 10U);
  EXPECT_EQ(resume(early, 200), 10U);  // Nobody looked.
  EXPECT_EQ(resume(early, made.bytes.size()), 2U);
  EXPECT_EQ(resume(late, 400), 8U);
  EXPECT_EQ(resume(late, 0), 10U);
  EXPECT_EQ(resume(made.ends[9] - 1, 0), 9U);  // The last is always hashed.
}

TEST(Resume, FaultInTheTailHasAllHashed) {
  Unfinished made = unfinished(10, 100);
  made.bytes[made.ends[2] - 1] ^= std::byte{1};
  made.bytes[made.ends[8] - 1] ^= std::byte{1};

  const auto resumed = ReadWriteBlockstore::resume(
      FakeDisk::open(std::make_shared<FakeDisk>(made.bytes)),
      {.write = small_options(), .verified_tail = 400});

  EXPECT_EQ(resumed->report.block_count, 2U);
}

TEST(Resume, CancelledOneSaysSo) {
  const Unfinished made = unfinished(10, 100);
  const std::atomic<bool> cancelled = true;

  EXPECT_THAT(ReadWriteBlockstore::resume(
                  FakeDisk::open(std::make_shared<FakeDisk>(made.bytes)),
                  {.cancelled = &cancelled}),
              FailsWith(ErrorCode::kUnavailable));
}

// One life of a store on a disk of its own, up to any point.
class PowerCutTest : public testing::TestWithParam<int> {};

TEST_P(PowerCutTest, WhatWasSyncedIsThereAndNothingWrongIs) {
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  const std::vector<TestBlock> blocks = test_blocks(40, 150);
  auto disk = std::make_shared<FakeDisk>();
  std::size_t put = 0;
  std::size_t synced = 0;
  for (int life = 0; life < 6; ++life) {
    auto resumed = resume_store(disk);
    ASSERT_THAT(resumed, IsOkAnd(testing::_));
    ReadWriteBlockstore& store = *resumed->store;
    for (std::size_t i = 0; i < synced; ++i) {
      ASSERT_THAT(store.get(blocks[i].cid), IsOkAnd(testing::_));
    }
    ASSERT_GE(store.block_count(), synced);
    put = store.block_count();
    for (auto steps = random() % 12; steps > 0; --steps) {
      if (put < blocks.size()) {
        ASSERT_TRUE(store.put(blocks[put].cid, blocks[put].bytes).ok());
        ++put;
      }
      if (random() % 5 == 0) {
        ASSERT_TRUE(store.sync().ok());
        synced = put;
      }
    }
    if (random() % 3 == 0) {
      ASSERT_TRUE(store.finish({blocks[0].cid}).ok());
      synced = put;
    }
    const Bytes left = disk->after_power_cut(&random);
    // Blocks that were never synced may come back in part only.
    disk = std::make_shared<FakeDisk>(left);
    if (synced == 0 && !resume_store(disk).ok()) {
      disk = std::make_shared<FakeDisk>();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerCutTest, testing::Range(0, 100));

// The steps of finishing and of reopening, each as the last one.
class KillPointTest : public testing::TestWithParam<const char*> {};

TEST_P(KillPointTest, EveryBlockThatWasSyncedSurvives) {
  const tests::TemporaryFolder folder;
  const std::string path = folder.path("unfinished.car");
  const std::vector<TestBlock> blocks = test_blocks(20, 100);
  const auto open_file = [&] {
    return PosixReadWriteFile::adopt(
               UniqueFd(
                   ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)))
        .value();
  };
  const auto live = [&] {
    for (const unsigned count : {10U, 20U}) {
      auto resumed = ReadWriteBlockstore::resume(open_file(), {});
      for (std::size_t i = 0; i < count; ++i) {
        resumed->store->put(blocks[i].cid, blocks[i].bytes).value();
      }
      resumed->store->sync().value();
      if (count == 10) resumed->store->finish({blocks[0].cid}).value();
    }
  };

  // Once through the first life, once through the second.
  for (const bool second : {false, true}) {
    if (second) live();
    const pid_t child = ::fork();
    if (child == 0) {
      arm_kill_point(GetParam());
      live();
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);

    auto resumed = ReadWriteBlockstore::resume(open_file(), {});
    ASSERT_TRUE(resumed.ok());
    EXPECT_EQ(resumed->report.block_count % 10, 0U);
    if (second) {
      EXPECT_EQ(resumed->report.block_count, 20U);
    }
    EXPECT_TRUE(WIFSIGNALED(status) || second);
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, KillPointTest,
                         testing::Values("car.flushed", "car.synced",
                                         "car.index_written",
                                         "car.index_synced",
                                         "car.header_written", "car.finished",
                                         "car.reopened", "car.cut"));

}  // namespace
}  // namespace dagfs::car
