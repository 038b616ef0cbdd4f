// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/mount_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mount/file_mount.h"
#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using testing::HasSubstr;
using tests::FailsWith;

MountRegistry registry() {
  MountRegistry mounts;
  mounts.add("file", FileMount::factory("/repo"));
  return mounts;
}

TEST(MountRegistry, FindsTheFactoryByScheme) {
  const auto mount = registry().instantiate("file:///srv/a.car");
  ASSERT_TRUE(mount.ok()) << mount.error().message();
  EXPECT_EQ(mount.value()->url(), "file:///srv/a.car");
}

TEST(MountRegistry, UnknownSchemeIsNamed) {
  const auto mount = registry().instantiate("lotus://baga");
  EXPECT_THAT(mount, FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(mount.error().message(), HasSubstr("\"lotus\""));
}

TEST(MountRegistry, TextWithoutSchemeIsNoUrl) {
  for (const std::string_view text : {"", ":", "/srv/a.car", "a.car", "1x:y",
                                      "FILE:///a", "a b:c", ":file"}) {
    EXPECT_THAT(registry().instantiate(text),
                FailsWith(ErrorCode::kInvalidArgument))
        << text;
  }
}

TEST(MountRegistry, FactoryErrorsArePassedOn) {
  EXPECT_THAT(registry().instantiate("file:../a.car"),
              FailsWith(ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace dagfs::mount
