// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/store_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/result_matchers.h"

namespace dagfs::tools {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;

ShardRecord full_record() {
  return {.key = "k",
          .url = "file:///a%20b.car",
          .state = "ShardStateErrored",
          .error = "why",
          .registered_at = -5,
          .indexed_at = 9,
          .piece = PieceRecord{.car_version = 2,
                               .roots = {"a", "b"},
                               .root_count = 2,
                               .size = std::numeric_limits<uint64_t>::max(),
                               .block_count = 3,
                               .block_bytes = 4,
                               .data_end = 5,
                               .index_size = 6,
                               .has_duplicates = true,
                               .embedded_index = "matches"},
          .leases = 7};
}

TEST(StoreJson, ShardsComeBackAsTheyWere) {
  const ShardRecord bare = {.key = "k", .url = "u", .state = "s"};
  EXPECT_THAT(shard_record_from(to_json(full_record())),
              IsOkAnd(full_record()));
  EXPECT_THAT(shard_record_from(to_json(bare)), IsOkAnd(bare));
}

TEST(StoreJson, PagesComeBackAsTheyWere) {
  const ShardPage page = {.shards = {full_record()}, .more = true};
  const Result<ShardPage> back = shard_page_from(to_json(page));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->shards, page.shards);
  EXPECT_TRUE(back->more);
}

TEST(StoreJson, SubmissionsComeBackAsTheyWere) {
  const SubmissionEntry entry = {.name = "caf\xe9",
                                 .kind = "file",
                                 .state = "sealed",
                                 .error = "e",
                                 .key = "k",
                                 .root = "r",
                                 .car_size = 1,
                                 .piece_size = 2};
  EXPECT_THAT(submission_entry_from(to_json(entry)), IsOkAnd(entry));
  const SubmissionPage page = {.entries = {entry}, .more = true};
  const Result<SubmissionPage> back = submission_page_from(to_json(page));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->entries, page.entries);
  EXPECT_TRUE(back->more);
  const IngestedShard shard = {.key = "k",
                               .piece_cid_v2 = "v",
                               .roots = {"r"},
                               .root_count = 1,
                               .car_size = 2,
                               .piece_size = 3,
                               .block_count = 4};
  EXPECT_THAT(ingested_shard_from(to_json(shard)), IsOkAnd(shard));
  Json broken = to_json(entry);
  broken["name_hex"] = "x";
  EXPECT_THAT(submission_entry_from(broken), FailsWith(ErrorCode::kCorrupt));
}

TEST(StoreJson, CountsAndStatusComeBackAsTheyWere) {
  const VerifyCounts counts = {
      .blocks = 1, .bytes = 2, .unverifiable = 3, .bad = 4};
  EXPECT_THAT(verify_counts_from(to_json(counts)), IsOkAnd(counts));
  const PieceProof proof = {
      .piece_cid = "c", .bytes = 1, .piece_size = 2, .problem = "p"};
  EXPECT_THAT(piece_proof_from(to_json(proof)), IsOkAnd(proof));
  const MigratedRecord record = {
      .id = "i", .piece = "p", .url = "u", .outcome = "o", .why = "w"};
  EXPECT_THAT(migrated_record_from(to_json(record)), IsOkAnd(record));
  const MigrationSummary summary = {.records = 1,
                                    .registered = 2,
                                    .known = 3,
                                    .inactive = 4,
                                    .damaged = 5,
                                    .failed = 6,
                                    .is_complete = true};
  EXPECT_THAT(migration_summary_from(to_json(summary)), IsOkAnd(summary));
  const ServiceStatus status = {.pid = 1,
                                .version = "v",
                                .started_at = 2,
                                .repo = "/r",
                                .mountpoint = "/m",
                                .requests = 3};
  EXPECT_THAT(service_status_from(to_json(status)), IsOkAnd(status));
}

TEST(StoreJson, EachMemberMissingOrOfAnotherTypeIsCorrupt) {
  const Json whole = to_json(full_record());
  for (const auto& [name, value] : whole.items()) {
    if (name == "indexed_at" || name == "piece") continue;  // May be absent.
    Json without = whole;
    without.erase(name);
    EXPECT_THAT(shard_record_from(without), FailsWith(ErrorCode::kCorrupt));
    Json other = whole;
    other[name] = Json::array({1});
    EXPECT_THAT(shard_record_from(other), FailsWith(ErrorCode::kCorrupt));
  }
  for (const auto& [name, value] : whole["piece"].items()) {
    Json other = whole;
    other["piece"][name] = Json::object();
    EXPECT_THAT(shard_record_from(other), FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(StoreJson, OtherDocumentsAreCorrupt) {
  for (const Json& json : {Json(), Json(1), Json::array(), Json("x")}) {
    EXPECT_THAT(shard_record_from(json), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(shard_page_from(json), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(verify_counts_from(json), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(piece_proof_from(json), FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(service_status_from(json), FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(StoreJson, NumbersThatDoNotFitAreCorrupt) {
  Json json = to_json(full_record());
  json["registered_at"] = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(shard_record_from(json), FailsWith(ErrorCode::kCorrupt));
  json = to_json(full_record());
  json["leases"] = -1;
  EXPECT_THAT(shard_record_from(json), FailsWith(ErrorCode::kCorrupt));
}

TEST(StoreJson, UnknownMembersAreIgnored) {
  Json json = to_json(full_record());
  json["since_tomorrow"] = 1;
  EXPECT_THAT(shard_record_from(json), IsOkAnd(full_record()));
}

}  // namespace
}  // namespace dagfs::tools
