// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;
using std::chrono::system_clock;
using testing::HasSubstr;
using tests::FailsWith;

// The worked example of docs/formats/registry.md.
constexpr std::string_view kExample =
    R"({"indexed_at":1767225660,"piece":{"block_bytes":470000,)"
    R"("block_count":1049,"car_version":1,"data_end":479907,)"
    R"("embedded_index":"none","has_duplicates":false,"index_sha256":)"
    R"("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",)"
    R"("index_size":41984,"root_count":1,"roots":)"
    R"(["bafkqaaa"],"size":479907,"stamp":{"device":2049,"inode":131074,)"
    R"("mtime_ns":1767225600000000001,"size":479907}},)"
    R"("registered_at":1767225600,"state":2,"url":"file:pieces/a.car",)"
    R"("version":1})";

ShardKey key() { return ShardKey::parse("baga").value(); }

ShardInfo example() {
  ShardInfo info{.key = key(), .url = "file:pieces/a.car"};
  info.state = ShardState::kAvailable;
  info.registered_at = system_clock::time_point(seconds(1767225600));
  info.indexed_at = system_clock::time_point(seconds(1767225660));
  PieceSummary piece;
  piece.roots = {car::Cid::parse("bafkqaaa").value()};
  piece.root_count = 1;
  piece.size = 479907;
  piece.block_count = 1049;
  piece.block_bytes = 470000;
  piece.data_end = 479907;
  piece.index_size = 41984;
  piece.index_sha256 =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  piece.embedded_index = "none";
  piece.stamp = {.size = 479907,
                 .mtime_ns = 1767225600000000001,
                 .inode = 131074,
                 .device = 2049};
  info.piece = piece;
  return info;
}

TEST(ShardRecord, EncodesTheExampleOfTheDocument) {
  EXPECT_EQ(encode_shard_record(example()), kExample);
}

TEST(ShardRecord, DocumentShowsTheExample) {
  std::ifstream file(std::string(DAGFS_SOURCE_DIR) +
                     "/docs/formats/registry.md");
  std::string document{std::istreambuf_iterator<char>(file), {}};
  std::erase(document, '\n');  // It breaks the record into lines.
  EXPECT_THAT(document, HasSubstr(std::string(kExample)));
}

TEST(ShardRecord, EncodingWhatWasDecodedGivesTheSameBytes) {
  const auto info = decode_shard_record(key(), kExample);
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->piece->roots, example().piece->roots);
  EXPECT_EQ(info->piece->stamp, example().piece->stamp);
  EXPECT_EQ(encode_shard_record(*info), kExample);
}

TEST(ShardRecord, NewShardIsShort) {
  ShardInfo info{.key = key(), .url = "file:a"};
  info.registered_at = system_clock::time_point(seconds(5));
  EXPECT_EQ(encode_shard_record(info),
            R"({"registered_at":5,"state":0,"url":"file:a","version":1})");
}

TEST(ShardRecord, OnlyStatesAtRestAreStored) {
  ShardInfo info = example();
  info.state = ShardState::kServing;
  EXPECT_EQ(encode_shard_record(info), kExample);
}

TEST(ShardRecord, NumbersAtTheirLimitsSurvive) {
  ShardInfo info = example();
  info.piece->size = UINT64_MAX;
  info.piece->stamp.mtime_ns = INT64_MIN;
  const auto back = decode_shard_record(key(), encode_shard_record(info));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->piece->size, UINT64_MAX);
  EXPECT_EQ(back->piece->stamp.mtime_ns, INT64_MIN);
}

TEST(ShardRecord, ErrorOfAnyBytesIsStoredAndBounded) {
  ShardInfo info = example();
  info.state = ShardState::kErrored;
  info.error = "bad name \xff" + std::string(10'000, 'x');
  const auto back = decode_shard_record(key(), encode_shard_record(info));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_THAT(back->error, testing::StartsWith("bad name \xef\xbf\xbdxxx"));
  EXPECT_LT(back->error.size(), kRecordErrorSizeMax + 10);
}

TEST(ShardRecord, CutAnywhereIsCorrupt) {
  for (std::size_t size = 0; size < kExample.size(); ++size) {
    EXPECT_THAT(decode_shard_record(key(), kExample.substr(0, size)),
                FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(ShardRecord, UnknownVersionIsUnsupported) {
  EXPECT_THAT(decode_shard_record(key(), R"({"version":2})"),
              FailsWith(ErrorCode::kUnsupported));
}

TEST(ShardRecord, MissingFieldIsNamed) {
  Json object = Json::parse(kExample);
  for (const char* name : {"version", "url", "state", "registered_at"}) {
    Json without = object;
    without.erase(name);
    const auto info = decode_shard_record(key(), without.dump());
    EXPECT_THAT(info, FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(info.error().message(), HasSubstr(name));
  }
  for (const auto& field : object["piece"].items()) {
    Json without = object;
    without["piece"].erase(field.key());
    const auto info = decode_shard_record(key(), without.dump());
    EXPECT_THAT(info, FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(info.error().message(), HasSubstr(field.key()));
  }
}

TEST(ShardRecord, FieldOfAnotherTypeIsCorrupt) {
  const Json object = Json::parse(kExample);
  for (const auto& field : object.items()) {
    for (const Json& value :
         {Json("text"), Json(-1), Json(1.5), Json(nullptr), Json::array()}) {
      if (value.type() == field.value().type()) continue;
      Json changed = object;
      changed[field.key()] = value;
      EXPECT_THAT(decode_shard_record(key(), changed.dump()),
                  FailsWith(ErrorCode::kCorrupt))
          << changed.dump();
    }
  }
}

TEST(ShardRecord, TransientStateIsCorrupt) {
  Json object = Json::parse(kExample);
  for (const int state : {1, 3, 128, 77}) {
    object["state"] = state;
    EXPECT_THAT(decode_shard_record(key(), object.dump()),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(ShardRecord, HostileNestingIsCorrupt) {
  EXPECT_THAT(decode_shard_record(key(), std::string(100'000, '[')),
              FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::dagstore
