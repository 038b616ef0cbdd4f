// SPDX-License-Identifier: Apache-2.0 OR MIT

// Kills a process at each durable step and looks at what the next one finds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "dagstore/dagstore.h"
#include "dagstore/index_repo.h"
#include "mount/file_mount.h"
#include "tests/support/car_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;

const ShardKey kKey = ShardKey::parse("a").value();

std::unique_ptr<Dagstore> open(const std::string& repo) {
  mount::MountRegistry mounts;
  mounts.add("file", mount::FileMount::factory(repo));
  auto store = Dagstore::open({.repo = repo}, std::move(mounts));
  EXPECT_TRUE(store.ok()) << store.error().message();
  return std::move(store).value();
}

// Waits for the inverted index.
Status settle(const Dagstore& store) {
  if (store.wait_until_settled(std::chrono::seconds(30))) return ok_status();
  return Error(ErrorCode::kUnavailable, "the inverted index is not settled");
}

Status do_step(Dagstore& store, std::string_view step) {
  if (step == "register") {
    return store.register_shards({{.key = kKey, .url = "file:a.car"}});
  }
  if (step == "acquire" || step == "settle") {
    DAGFS_TRY(store.acquire(kKey));
    return step == "settle" ? settle(store) : ok_status();
  }
  DAGFS_TRY(store.destroy(kKey));
  return step == "forget" ? settle(store) : ok_status();
}

// What runs in the process that is to be killed; no test by itself.
TEST(CrashChild, DISABLED_Run) {
  const char* repo = std::getenv("DAGFS_CRASH_REPO");
  const char* step = std::getenv("DAGFS_CRASH_STEP");
  ASSERT_TRUE(repo != nullptr && step != nullptr);
  const auto store = open(repo);
  const Status status = do_step(*store, step);
  EXPECT_TRUE(status.ok()) << status.error().message();
}

class CrashTest : public testing::Test {
 protected:
  CrashTest() {
    EXPECT_TRUE(Dagstore::create(repo()).ok());
    write_piece("before");
  }

  std::string repo() const { return folder.path("repo"); }

  void write_piece(std::string_view text) {
    tests::CarBuilder builder;
    const car::Cid cid = builder.block(text);
    const Bytes bytes = builder.root(cid).bytes();
    // A new file each time: two writes can bear the same time.
    std::filesystem::remove(folder.path("repo/a.car"));
    folder.write("repo/a.car.new", as_text(bytes));
    std::filesystem::rename(folder.path("repo/a.car.new"),
                            folder.path("repo/a.car"));
  }

  void do_now(std::string_view step) {
    const auto store = open(repo());
    const Status status = do_step(*store, step);
    ASSERT_TRUE(status.ok()) << status.error().message();
  }

  // Does `step` in a process of its own that dies at `point`.
  void die_at(const std::string& point, const std::string& step) {
    std::array<std::string, 4> texts = {
        "DAGFS_KILL_POINT=" + point, "DAGFS_CRASH_STEP=" + step,
        "DAGFS_CRASH_REPO=" + repo(),
        // An armed process is killed before it could leak anything.
        "ASAN_OPTIONS=detect_leaks=0"};
    std::array<char*, 5> environment = {texts[0].data(), texts[1].data(),
                                        texts[2].data(), texts[3].data(),
                                        nullptr};
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=CrashChild.*";
    std::string disabled = "--gtest_also_run_disabled_tests";
    std::array<char*, 4> arguments = {program.data(), filter.data(),
                                      disabled.data(), nullptr};
    pid_t child = 0;
    ASSERT_EQ(::posix_spawn(&child, program.c_str(), nullptr, nullptr,
                            arguments.data(), environment.data()),
              0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << point << " was not reached";
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
  }

  // The text of the only block of the shard, found by its CID.
  static Result<std::string> read_all(Dagstore& store) {
    const ShardLease lease = DAGFS_TRY(store.acquire(kKey));
    const car::Block block =
        DAGFS_TRY(lease->blocks().get(lease->header().roots.at(0)));
    return std::string(as_text(*block));
  }

  // That the shard is not stuck, serves `text`, and left nothing half done.
  void expect_serves(std::string_view text) {
    const auto store = open(repo());
    const auto info = store->info(kKey);
    ASSERT_TRUE(info.ok()) << info.error().message();
    EXPECT_EQ(info->state, state_at_rest(info->state));
    EXPECT_THAT(read_all(*store), IsOkAnd(std::string(text)));
    const auto index = IndexRepo(repo() + "/index").path_of(kKey);
    EXPECT_TRUE(std::filesystem::exists(index));
    EXPECT_FALSE(std::filesystem::exists(index + ".tmp"));
    expect_found(*store, text, {kKey});
  }

  // That the block of `text` is known to be in exactly these shards.
  static void expect_found(const Dagstore& store, std::string_view text,
                           const std::vector<ShardKey>& keys) {
    ASSERT_TRUE(settle(store).ok());
    const car::Cid cid = tests::CarBuilder().block(text);
    EXPECT_THAT(store.find_shards(cid.multihash()), IsOkAnd(keys));
  }

  tests::TemporaryFolder folder;
};

const std::vector<std::string> kIndexPoints = {
    "index.created",      "file.written",   "file.synced",   "file.renamed",
    "file.folder_synced", "index.in_place", "index.recorded"};

TEST_F(CrashTest, AcknowledgedRegistrationIsNotLost) {
  die_at("register.written", "register");
  expect_serves("before");
}

TEST_F(CrashTest, UnfinishedRegistrationCanBeRepeated) {
  die_at("register.begin", "register");
  do_now("register");
  expect_serves("before");
}

class FirstIndexCrashTest : public CrashTest,
                            public testing::WithParamInterface<std::string> {};

TEST_P(FirstIndexCrashTest, ShardServesAfterwards) {
  do_now("register");
  die_at(GetParam(), "acquire");
  expect_serves("before");
}

TEST_P(FirstIndexCrashTest, ChangedPieceIsServedAfterwards) {
  do_now("register");
  do_now("acquire");
  write_piece("after!");
  die_at(GetParam(), "acquire");
  expect_serves("after!");
}

TEST_P(FirstIndexCrashTest, PieceThatChangedBackIsServedAfterwards) {
  do_now("register");
  do_now("acquire");
  write_piece("after!");
  die_at(GetParam(), "acquire");
  write_piece("before");
  expect_serves("before");
}

INSTANTIATE_TEST_SUITE_P(EveryStep, FirstIndexCrashTest,
                         testing::ValuesIn(kIndexPoints),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::erase_if(name, [](char c) {
                             return c == '.' || c == '_';
                           });
                           return name;
                         });

class InvertedCrashTest : public CrashTest,
                          public testing::WithParamInterface<std::string> {};

TEST_P(InvertedCrashTest, ShardIsFoundAfterwards) {
  do_now("register");
  die_at(GetParam(), "settle");
  expect_found(*open(repo()), "before", {kKey});
}

TEST_P(InvertedCrashTest, OnlyTheNewContentIsFoundAfterwards) {
  do_now("register");
  do_now("settle");
  write_piece("after!");
  die_at(GetParam(), "settle");
  expect_found(*open(repo()), "before", {});
  expect_found(*open(repo()), "after!", {kKey});
}

INSTANTIATE_TEST_SUITE_P(EveryStep, InvertedCrashTest,
                         testing::Values("inverted.begun", "inverted.batch",
                                         "inverted.filled", "inverted.complete",
                                         "inverted.settled"),
                         [](const auto& tested) {
                           return tested.param.substr(tested.param.find('.') +
                                                      1);
                         });

TEST_F(CrashTest, DestroyedShardIsNotFoundWhereverTheProcessDied) {
  for (const char* point :
       {"destroy.record_removed", "destroy.index_removed", "inverted.dropped",
        "inverted.batch", "inverted.settled"}) {
    do_now("register");
    do_now("settle");
    die_at(point, "forget");
    expect_found(*open(repo()), "before", {});
  }
}

TEST_F(CrashTest, UnfinishedDestroyLeavesTheShard) {
  do_now("register");
  do_now("acquire");
  die_at("destroy.begin", "destroy");
  expect_serves("before");
}

TEST_F(CrashTest, HalfDestroyedShardIsGoneAndItsIndexNotAdopted) {
  for (const char* point :
       {"destroy.record_removed", "destroy.index_removed"}) {
    do_now("register");
    do_now("acquire");
    die_at(point, "destroy");
    EXPECT_THAT(open(repo())->info(kKey), FailsWith(ErrorCode::kNotFound));

    write_piece("after!");
    do_now("register");
    expect_serves("after!");
    do_now("destroy");
    write_piece("before");
  }
}

TEST_F(CrashTest, KilledProcessLeavesNoLock) {
  die_at("register.begin", "register");
  EXPECT_NE(open(repo()), nullptr);
}

}  // namespace
}  // namespace dagfs::dagstore
