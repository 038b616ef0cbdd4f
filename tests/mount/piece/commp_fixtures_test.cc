// SPDX-License-Identifier: Apache-2.0 OR MIT

// Vectors that other projects published.

#include <gtest/gtest.h>

#include <iostream>

#include "car/ipld/multihash.h"
#include "mount/piece/commp.h"
#include "mount/piece/piece_cid.h"
#include "tests/support/fixtures.h"
#include "tests/support/payloads.h"

namespace dagfs::mount {
namespace {

// Columns of the table.
struct Column {
  static constexpr std::size_t kName = 0;
  static constexpr std::size_t kSize = 1;
  static constexpr std::size_t kPiece = 2;
  static constexpr std::size_t kV1 = 3;
  static constexpr std::size_t kV2 = 4;
  static constexpr std::size_t kSha256 = 5;
};

std::string sha256(ByteView bytes) {
  return to_hex(car::hash_bytes(car::HashCode::kSha2_256, bytes).value());
}

void check_row(const std::vector<std::string>& row, const Bytes& payload) {
  SCOPED_TRACE(row[Column::kName]);
  ASSERT_EQ(sha256(payload), row[Column::kSha256])
      << "the payload is not the one";
  PieceHasher hasher;
  hasher.append(payload);
  const auto commitment = hasher.finish();
  ASSERT_TRUE(commitment.ok()) << commitment.error().message();
  EXPECT_EQ(std::to_string(commitment->payload.bytes()), row[Column::kSize]);
  EXPECT_EQ(std::to_string(commitment->piece.padded().bytes()),
            row[Column::kPiece]);
  EXPECT_EQ(piece_cid_v1(commitment->root).to_string(), row[Column::kV1]);
  EXPECT_EQ(piece_cid_v2(*commitment)->to_string(), row[Column::kV2]);
}

TEST(CommpFixtures, EveryVectorWhosePayloadCanBeMade) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  const auto lines =
      tests::read_lines(*tests::fixtures_folder() / "expected/commp.tsv");
  ASSERT_TRUE(lines.ok()) << lines.error().message();
  std::size_t checked = 0;
  std::size_t skipped = 0;
  for (const std::string& line : *lines) {
    if (line.starts_with('#')) continue;
    const auto row = tests::split(line, '\t');
    ASSERT_GT(row.size(), Column::kSha256) << line;
    const auto payload = tests::named_payload(row[Column::kName],
                                              std::stoull(row[Column::kSize]));
    if (!payload) {
      // Go's own generator of random numbers; their CIDs can still be compared.
      EXPECT_TRUE(row[Column::kName].starts_with("random:"))
          << row[Column::kName];
      const auto v1 =
          to_piece_cid_v1(car::Cid::parse(row[Column::kV2]).value());
      EXPECT_TRUE(v1.ok() && v1->to_string() == row[Column::kV1])
          << row[Column::kName];
      ++skipped;
      continue;
    }
    check_row(row, *payload);
    ++checked;
  }
  std::cout << checked << " payloads hashed, " << skipped
            << " that only Go can make\n";
  EXPECT_GT(checked, 70u);
}

}  // namespace
}  // namespace dagfs::mount
