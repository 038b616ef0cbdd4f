// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/segment_mount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mount/file_mount.h"
#include "tests/support/payloads.h"
#include "tests/support/result_matchers.h"
#include "tests/support/sector_builder.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;

class SegmentMountTest : public testing::Test {
 protected:
  SegmentMountTest() {
    auto files = std::make_shared<MountRegistry>();
    files->add("file", FileMount::factory("/repo"));
    mounts.add("segment", SegmentMount::factory(files));
    folder.write("piece", as_text(tests::aggregate_of({first, second}, 4096)));
  }

  std::string url(std::uint64_t number) const {
    return segment_url(number, "file://" + folder.path("piece"));
  }

  const Bytes first = tests::counted(200);
  const Bytes second = tests::pseudo_random(900, 1);
  tests::TemporaryFolder folder;
  MountRegistry mounts;
};

TEST_F(SegmentMountTest, YieldsTheSegmentToItsEnd) {
  const auto mount = mounts.instantiate(url(1));
  ASSERT_TRUE(mount.ok()) << mount.error().message();
  EXPECT_EQ((*mount)->url(), url(1));
  EXPECT_TRUE((*mount)->shape().is_whole_piece);
  EXPECT_EQ((*mount)->backing_folder(), folder.path());
  const auto file = (*mount)->open();
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ((*file)->size(), 1016U);
  Bytes found(second.size());
  ASSERT_TRUE((*file)->read_at(0, found).ok());
  EXPECT_EQ(found, second);
  EXPECT_EQ((*mount)->stamp().value(), (*file)->stamp().value());
}

TEST_F(SegmentMountTest, NumberWithoutSegmentIsUnavailable) {
  for (const std::uint64_t number : {std::uint64_t{2}, ~std::uint64_t{0}}) {
    EXPECT_THAT(mounts.instantiate(url(number)).value()->open(),
                FailsWith(ErrorCode::kUnavailable));
  }
}

TEST_F(SegmentMountTest, WhatIsNoAggregateHasNone) {
  folder.write("piece", "short");
  EXPECT_THAT(mounts.instantiate(url(0)).value()->open(),
              FailsWith(ErrorCode::kUnavailable));
}

TEST_F(SegmentMountTest, WhateverElseIsRefused) {
  for (const char* bad :
       {"segment:", "segment:1", "segment:1:", "segment::file:///x",
        "segment:-1:file:///x", "segment:18446744073709551616:file:///x",
        "segment:1:segment:1:file:///x", "segment:1:file:"}) {
    EXPECT_THAT(mounts.instantiate(bad), FailsWith(ErrorCode::kInvalidArgument))
        << bad;
  }
}

}  // namespace
}  // namespace dagfs::mount
