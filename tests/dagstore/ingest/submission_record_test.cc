// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/submission_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "car/base/hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using tests::FailsWith;

SubmissionRecord full_record() {
  return {.name = "a \xff name",
          .named = 7,
          .kind = SubmissionKind::kDirectory,
          .state = SubmissionState::kPublishing,
          .error = "why",
          .is_closed = true,
          .has_lost_bytes = true,
          .key = "baga",
          .piece = "piece.car",
          .root = "bafy",
          .car_size = ~std::uint64_t{0},
          .piece_size = 1 << 20,
          .size = 12,
          .permissions = 0600,
          .uid = ~uid_t{0},
          .gid = 3,
          .mtime = {.tv_sec = -5, .tv_nsec = 999'999'999}};
}

std::string with_name(const std::string& name) {
  std::string text = encode_submission_record({.name = "x"});
  const std::string old = "\"name_hex\": \"78\"";
  text.replace(text.find(old), old.size(),
               "\"name_hex\": \"" + to_hex(as_bytes(name)) + '"');
  return text;
}

TEST(SubmissionRecord, EncodingWhatWasDecodedGivesTheSameBytes) {
  const std::string text = encode_submission_record(full_record());
  const auto record = decode_submission_record(text);
  ASSERT_TRUE(record.ok()) << record.error().message();
  EXPECT_EQ(record->name, full_record().name);
  EXPECT_EQ(record->named, 7u);
  EXPECT_EQ(record->state, SubmissionState::kPublishing);
  EXPECT_TRUE(record->is_closed);
  EXPECT_TRUE(record->has_lost_bytes);
  EXPECT_EQ(record->car_size, ~std::uint64_t{0});
  EXPECT_EQ(encode_submission_record(*record), text);
}

TEST(SubmissionRecord, EmptyAndCutAnywhereAreCorrupt) {
  const std::string text = encode_submission_record(full_record());
  // Without its last line feed it is whole.
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_THAT(decode_submission_record(text.substr(0, size)),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(SubmissionRecord, NamesThatLeadElsewhereAreCorrupt) {
  EXPECT_TRUE(decode_submission_record(with_name("..x")).ok());
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("a\0b", 3)}) {
    EXPECT_THAT(decode_submission_record(with_name(name)),
                FailsWith(ErrorCode::kCorrupt));
  }
  SubmissionRecord record = full_record();
  record.piece = "../../other/piece.car";
  EXPECT_THAT(decode_submission_record(encode_submission_record(record)),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(SubmissionRecord, OnlyWhatIsBeingPublishedMayBeNameless) {
  SubmissionRecord record = full_record();
  record.name.clear();
  EXPECT_TRUE(decode_submission_record(encode_submission_record(record)).ok());
  record.state = SubmissionState::kSealed;
  EXPECT_THAT(decode_submission_record(encode_submission_record(record)),
              FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::dagstore
