// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/migration.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "mount/file_mount.h"
#include "tests/support/provider_repo_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::FailsWith;
using tests::LotusRepoBuilder;
using tests::piece_number;

// Content and time of every file below a folder.
std::map<std::string, std::string> content_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf()
            << entry.last_write_time().time_since_epoch().count();
    files[entry.path()] = content.str();
  }
  return files;
}

class MigrationTest : public testing::Test {
 protected:
  MigrationTest() {
    EXPECT_TRUE(Dagstore::create(path("repo")).ok());
    mount::MountRegistry mounts;
    mounts.add("file", mount::FileMount::factory(path("repo")));
    auto store = Dagstore::open({.repo = path("repo")}, std::move(mounts));
    EXPECT_TRUE(store.ok());
    store_ = std::move(store).value();
    fs::create_directory(path("other"));
  }

  std::string path(const std::string& name) const { return folder_.path(name); }

  Result<MigrationReport> run(bool is_dry_run = false,
                              MigrationKind kind = MigrationKind::kLotus) {
    items_.clear();
    MigrationObserver observer;
    observer.item = [&](const MigrationItem& item) { items_.push_back(item); };
    return migrate(store_.get(), request(is_dry_run, kind), observer);
  }

  MigrationRequest request(bool is_dry_run = false,
                           MigrationKind kind = MigrationKind::kLotus) const {
    return {.kind = kind, .path = path("other"), .is_dry_run = is_dry_run};
  }

  MigrationCounts counts_of(const Result<MigrationReport>& report) {
    EXPECT_TRUE(report.ok()) << report.error().message();
    return report.ok() ? report->counts : MigrationCounts();
  }

  std::string url_of(const car::Cid& piece) {
    const auto info = store_->info(ShardKey::parse(piece.to_string()).value());
    return info.ok() ? info->url : info.error().message();
  }

  std::string why_not_open(const car::Cid& piece) {
    const auto file =
        store_->open_piece(ShardKey::parse(piece.to_string()).value());
    return file.ok() ? std::string() : file.error().message();
  }

  bool has_marker() {
    return fs::exists(migration_marker(store_->repo(), request()));
  }

  const tests::TemporaryFolder folder_;
  std::unique_ptr<Dagstore> store_;
  std::vector<MigrationItem> items_;
};

TEST_F(MigrationTest, ActiveDealsOfLotusAreRegisteredWithTheirPlaces) {
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(1), .sector = 7})
      .deal({.proposal = "b", .piece = piece_number(2), .state = 4})
      .deal({.proposal = "c", .piece = piece_number(3), .state = 26})
      .places(piece_number(1), {{.sector = 7, .offset = 1024}})
      .storage_path(path("storage"))
      .write(path("other"));
  EXPECT_EQ(counts_of(run()),
            (MigrationCounts{.records = 3, .registered = 2, .inactive = 1}));
  EXPECT_EQ(url_of(piece_number(1)), "lotus://" + piece_number(1).to_string());
  EXPECT_THAT(why_not_open(piece_number(1)), HasSubstr("s-t01000-7"));
  EXPECT_THAT(url_of(piece_number(3)), HasSubstr("not registered"));
  ASSERT_THAT(items_, SizeIs(1));
  EXPECT_EQ(items_[0].why, "StorageDealError");
  EXPECT_TRUE(has_marker());
}

TEST_F(MigrationTest, SecondRunChangesNothing) {
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(1)})
      .deal({.proposal = "b", .piece = piece_number(1), .deal_id = 2})
      .places(piece_number(1), {{}})
      .write(path("other"));
  EXPECT_EQ(counts_of(run()),
            (MigrationCounts{.records = 2, .registered = 1, .known = 1}));
  const auto before = content_of(path("repo"));
  EXPECT_EQ(counts_of(run()), (MigrationCounts{.records = 2, .known = 2}));
  EXPECT_EQ(content_of(path("repo")), before);
}

TEST_F(MigrationTest, SourceStaysAsItIs) {
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(1)})
      .places(piece_number(1), {{}})
      .shard(piece_number(1), "lotus://" + piece_number(1).to_string())
      .write(path("other"));
  const auto before = content_of(path("other"));
  EXPECT_EQ(counts_of(run()).registered, 1);
  EXPECT_EQ(content_of(path("other")), before);
  EXPECT_FALSE(fs::exists(path("repo/migrating")));
}

TEST_F(MigrationTest, DamagedRecordIsToldAndTheOthersAreRegistered) {
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(1)})
      .raw_deal("damaged", "\xb4no deal")
      .deal({.proposal = "c", .piece = piece_number(3)})
      .write(path("other"));
  const auto report = run();
  EXPECT_EQ(counts_of(report),
            (MigrationCounts{.records = 3, .registered = 2, .damaged = 1}));
  ASSERT_THAT(items_, SizeIs(1));
  EXPECT_EQ(items_[0].id, "damaged");
  EXPECT_EQ(items_[0].outcome, MigrationOutcome::kDamaged);
  EXPECT_FALSE(report->is_complete);
  EXPECT_FALSE(has_marker());
}

TEST_F(MigrationTest, DryRunTellsAndWritesNothing) {
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(1)})
      .deal({.proposal = "b", .piece = piece_number(1), .deal_id = 2})
      .places(piece_number(1), {{}})
      .write(path("other"));
  const auto before = content_of(path("repo"));
  EXPECT_EQ(counts_of(run(true)),
            (MigrationCounts{.records = 2, .registered = 1, .known = 1}));
  EXPECT_EQ(content_of(path("repo")), before);
  ASSERT_THAT(items_, SizeIs(1));
  EXPECT_EQ(items_[0].url, "lotus://" + piece_number(1).to_string());
}

TEST_F(MigrationTest, InboundCarThatIsStillThereIsPreferred) {
  std::ofstream(path("in.car")) << "any bytes";
  std::ofstream(path("large.car")) << std::string(1017, 'x');
  LotusRepoBuilder()
      .deal({.proposal = "a",
             .piece = piece_number(1),
             .inbound_car = path("in.car")})
      .deal({.proposal = "b",
             .piece = piece_number(2),
             .inbound_car = path("gone.car")})
      .deal({.proposal = "c",
             .piece = piece_number(3),
             .inbound_car = path("large.car")})
      .write(path("other"));
  EXPECT_EQ(counts_of(run()).registered, 3);
  EXPECT_EQ(url_of(piece_number(1)), "file://" + path("in.car"));
  EXPECT_THAT(url_of(piece_number(2)), HasSubstr("lotus://"));
  EXPECT_THAT(url_of(piece_number(3)), HasSubstr("lotus://"));
}

TEST_F(MigrationTest, ShardsOfTheOtherDagstoreAreTakenOverToo) {
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(1)})
      .shard(piece_number(1), "lotus://" + piece_number(1).to_string())
      .shard(piece_number(2), "lotus://" + piece_number(2).to_string())
      .shard(piece_number(3), "fs://somewhere")
      .write(path("other"));
  EXPECT_EQ(counts_of(run()),
            (MigrationCounts{.records = 4, .registered = 2, .inactive = 1}));
}

TEST_F(MigrationTest, MoreDealsThanABatchAreAllRegistered) {
  LotusRepoBuilder lotus;
  constexpr std::uint64_t kDeals = 4500;
  for (std::uint64_t i = 0; i < kDeals; ++i) {
    lotus.deal({.proposal = fmt::format("{}", i),
                .piece = piece_number(i),
                .deal_id = i,
                .sector = i});
  }
  lotus.write(path("other"));
  EXPECT_EQ(counts_of(run()).registered, kDeals);
  EXPECT_EQ(counts_of(run()).known, kDeals);
}

TEST_F(MigrationTest, FolderWithoutARepoIsNotFound) {
  EXPECT_THAT(run(), FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(run(false, MigrationKind::kBoost),
              FailsWith(ErrorCode::kNotFound));
}

TEST_F(MigrationTest, DealsOfBoostAreRegisteredFromItsTablesAndDirectory) {
  tests::run_sql(
      path("other/boost.db"),
      tests::boost_deals_sql(
          {{.id = "1", .piece = piece_number(1), .sector = 7},
           {.id = "2", .piece = piece_number(2), .checkpoint = "Transferred"},
           {.id = "3",
            .piece = piece_number(3),
            .error = "no",
            .retry = "fatal"},
           {.id = "4", .piece = piece_number(4), .error = "again"},
           {.id = "5", .piece = piece_number(5), .offset = 100}}) +
          tests::boost_direct_deals_sql(
              {{.id = "6", .piece = piece_number(6), .sector = 8}}));
  LotusRepoBuilder()
      .deal({.proposal = "a", .piece = piece_number(7)})
      .write(path("other"));
  const std::string prefix("/\x01\0\0\0\0\0\0\0\0\0/", 12);
  tests::write_level_db(
      path("other/lid/leveldb"),
      {{prefix + piece_number(8).to_string(),
        R"({"v":"1","c":100,"d":[{"u":"x","i":5,"m":"f01000","s":9,"o":0,)"
        R"("l":1024,"c":500}]})"},
       {prefix + piece_number(9).to_string(), R"({"d":[{"m":7}]})"}});
  const auto before = content_of(path("other"));

  const auto report = run(false, MigrationKind::kBoost);
  EXPECT_EQ(counts_of(report),
            (MigrationCounts{
                .records = 9, .registered = 5, .inactive = 2, .damaged = 2}));
  EXPECT_THAT(why_not_open(piece_number(1)), HasSubstr("s-t01000-7"));
  EXPECT_THAT(why_not_open(piece_number(6)), HasSubstr("s-t01000-8"));
  EXPECT_THAT(why_not_open(piece_number(8)), HasSubstr("s-t01000-9"));
  EXPECT_EQ(content_of(path("other")), before);
}

TEST_F(MigrationTest, FileThatIsNoSqliteDatabaseIsCorrupt) {
  std::ofstream(path("other/boost.db")) << std::string(5000, 'x');
  EXPECT_THAT(run(false, MigrationKind::kBoost),
              FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::dagstore
