// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs::tools {
namespace {

using tests::FailsWith;

TEST(ParseMountOptions, NoneGivesTheDefaults) {
  const Result<MountOptions> options = parse_mount_options({});
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->allow_other);
  EXPECT_FALSE(options->read_only);
  EXPECT_TRUE(options->passthrough);
  EXPECT_EQ(options->uid, std::nullopt);
}

TEST(ParseMountOptions, ReadsListsAndRepeats) {
  const Result<MountOptions> options =
      parse_mount_options({"allow_other,uid=1000,,ro", "gid=7,uid=8",
                           "fsname=a=b,nonempty,no_passthrough,noatime"});
  ASSERT_TRUE(options.ok()) << options.error().message();
  EXPECT_TRUE(options->allow_other);
  EXPECT_TRUE(options->nonempty);
  EXPECT_FALSE(options->passthrough);
  EXPECT_EQ(options->uid, 8u);
  EXPECT_EQ(options->gid, 7u);
  EXPECT_EQ(options->source, "a=b");
}

TEST(ParseMountOptions, LastOfReadOnlyAndWritableWins) {
  EXPECT_TRUE(parse_mount_options({"rw,ro"})->read_only);
  EXPECT_FALSE(parse_mount_options({"ro", "rw"})->read_only);
}

TEST(ParseMountOptions, WhatIsNotKnownIsNamed) {
  const Result<MountOptions> options =
      parse_mount_options({"ro,bogus=3,allow_other"});
  ASSERT_THAT(options, FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(options.error().message(), testing::HasSubstr("bogus"));
}

TEST(ParseMountOptions, BadValuesAreRefused) {
  for (const char* list : {"rw=1", "uid", "uid=", "uid=x", "uid=-1", "uid=1x",
                           "uid=4294967295", "uid=99999999999999999999", "ro=1",
                           "allow_other=yes", "fsname", "fsname=", "=", "=x"}) {
    EXPECT_THAT(parse_mount_options({list}),
                FailsWith(ErrorCode::kInvalidArgument))
        << list;
  }
}

}  // namespace
}  // namespace dagfs::tools
