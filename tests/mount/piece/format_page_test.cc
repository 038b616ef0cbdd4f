// SPDX-License-Identifier: Apache-2.0 OR MIT

// The worked example of docs/formats/piece.md is what our code makes of it.

#include "tests/support/format_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "mount/piece/commp.h"
#include "mount/piece/fr32.h"
#include "mount/piece/piece_cid.h"
#include "tests/support/fixtures.h"
#include "tests/support/from_hex.h"
#include "tests/support/payloads.h"

namespace dagfs::mount {
namespace {

using testing::HasSubstr;

TEST(PiecePage, ExampleIsAQuadThatCounts) {
  const auto path =
      std::filesystem::path(DAGFS_SOURCE_DIR) / "docs/formats/piece.md";
  const Bytes page = tests::read_file(path).value();
  const auto text = std::string(as_text(page));
  const Bytes padded = tests::from_hex(tests::hex_example("piece.md"));
  const Bytes payload = tests::counted(kQuadUnpadded);
  ASSERT_EQ(padded.size(), kQuadPadded);

  Bytes back(kQuadUnpadded);
  fr32_unpad(padded, back);
  EXPECT_EQ(back, payload);

  std::array<TreeNode, 2> nodes = {};
  hash_nodes(padded.data(), nodes.size(), nodes[0].data());
  EXPECT_THAT(text, HasSubstr("first two | `" + to_hex(nodes[0])));
  EXPECT_THAT(text, HasSubstr("last two | `" + to_hex(nodes[1])));

  PieceHasher hasher;
  hasher.append(payload);
  const PieceCommitment commitment = hasher.finish().value();
  EXPECT_THAT(text, HasSubstr("root | `" + to_hex(commitment.root)));
  EXPECT_THAT(text, HasSubstr("version 1: `" +
                              piece_cid_v1(commitment.root).to_string()));
  EXPECT_THAT(
      text, HasSubstr("version 2: `" + piece_cid_v2(commitment)->to_string()));
  const auto twice = PieceSize::from_padded(PaddedSize(256)).value();
  EXPECT_THAT(
      text,
      HasSubstr("256 bytes, version 1: `" +
                piece_cid_v1(grown_to(commitment, twice)->root).to_string()));
}

}  // namespace
}  // namespace dagfs::mount
