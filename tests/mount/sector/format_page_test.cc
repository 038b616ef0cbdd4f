// SPDX-License-Identifier: Apache-2.0 OR MIT

// The worked example of docs/formats/sector.md is what our code makes of it.

#include "tests/support/format_page.h"

#include <gtest/gtest.h>

#include "tests/support/payloads.h"
#include "tests/support/sector_builder.h"

namespace dagfs::mount {
namespace {

TEST(SectorPage, ExampleIsTheTrailerOfTwoPieces) {
  tests::SectorBuilder sector(2048);
  const auto a = sector.add(tests::counted(100));
  const auto b = sector.add(tests::pseudo_random(300, 1));
  sector.allocate({tests::run_of(a), tests::run_of(b)});

  const Bytes file = sector.bytes();

  EXPECT_EQ(file.size(), 2059U);
  EXPECT_EQ(to_hex(ByteView(file).subspan(2048)),
            tests::hex_example("sector.md"));
}

}  // namespace
}  // namespace dagfs::mount
