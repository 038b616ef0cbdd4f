// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "car/unixfs/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::FailsWith;

TEST(ImportProfile, AllNamedOnesAreSound) {
  EXPECT_EQ(import_profiles().size(), 3U);
  for (const NamedProfile& named : import_profiles()) {
    EXPECT_TRUE(check_import_profile(named.profile).ok()) << named.name;
    EXPECT_TRUE(find_import_profile(named.name).ok()) << named.name;
  }
}

TEST(ImportProfile, DefaultIsTheFirst) {
  EXPECT_EQ(import_profiles().front().name, "unixfs-v1-2025");
  EXPECT_EQ(find_import_profile("unixfs-v1-2025")->chunk_size,
            ImportProfile().chunk_size);
}

TEST(ImportProfile, UnknownNameListsTheKnown) {
  const auto found = find_import_profile("unixfs-v9");
  ASSERT_THAT(found, FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(found.error().message(), testing::HasSubstr("lotus"));
}

ImportProfile changed(void (*change)(ImportProfile*)) {
  ImportProfile profile;
  change(&profile);
  return profile;
}

TEST(ImportProfile, ValuesAtTheirLimitsAreTaken) {
  using P = ImportProfile;
  for (const P& profile :
       {changed([](P* p) { p->chunk_size = 1; }),
        changed([](P* p) { p->chunk_size = kChunkSizeMax; }),
        changed([](P* p) { p->links_max = 2; }),
        changed([](P* p) { p->links_max = kFileLinksMax; }),
        changed([](P* p) { p->shard_threshold = 0; }),
        changed([](P* p) { p->fanout = kWrittenFanoutMin; }),
        changed([](P* p) { p->fanout = kWrittenFanoutMax; }),
        changed([](P* p) { p->inline_max = 0; }),
        changed([](P* p) { p->inline_max = kInlineSizeMax; })}) {
    EXPECT_TRUE(check_import_profile(profile).ok());
  }
}

TEST(ImportProfile, ValuesBeyondAreRefused) {
  using P = ImportProfile;
  for (const P& profile :
       {changed([](P* p) { p->chunk_size = 0; }),
        changed([](P* p) { p->chunk_size = kChunkSizeMax + 1; }),
        changed([](P* p) { p->links_max = 1; }),
        changed([](P* p) { p->links_max = kFileLinksMax + 1; }),
        changed([](P* p) { p->shard_threshold = kShardThresholdMax + 1; }),
        changed([](P* p) { p->fanout = kWrittenFanoutMin / 2; }),
        changed([](P* p) { p->fanout = kWrittenFanoutMax * 2; }),
        changed([](P* p) { p->fanout = 100; }),
        changed([](P* p) { p->inline_max = kInlineSizeMax + 1; }),
        changed([](P* p) { p->cid_version = 2; })}) {
    EXPECT_THAT(check_import_profile(profile),
                FailsWith(ErrorCode::kInvalidArgument));
  }
}

TEST(ImportProfile, ChunksMustNotBeInlined) {
  ImportProfile profile{.chunk_size = 100, .inline_max = 100};
  EXPECT_THAT(check_import_profile(profile),
              FailsWith(ErrorCode::kInvalidArgument));
  profile.inline_max = 99;
  EXPECT_TRUE(check_import_profile(profile).ok());
}

TEST(ImportProfile, OldCidsHaveTheirHashOnly) {
  EXPECT_THAT(
      check_import_profile({.cid_version = 0, .hash = HashCode::kBlake2b256}),
      FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ImportProfile, HashMustBeKnown) {
  EXPECT_THAT(check_import_profile({.hash = static_cast<HashCode>(0x9999)}),
              FailsWith(ErrorCode::kUnsupported));
  EXPECT_THAT(check_import_profile({.hash = HashCode::kIdentity}),
              FailsWith(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace dagfs::car
