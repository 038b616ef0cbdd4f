// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/sector_mount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "car/ipld/multihash.h"
#include "mount/mount_registry.h"
#include "tests/support/from_hex.h"
#include "tests/support/payloads.h"
#include "tests/support/result_matchers.h"
#include "tests/support/sector_builder.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using testing::HasSubstr;
using tests::counted;
using tests::FailsWith;
using tests::pseudo_random;
using tests::run_of;
using tests::SectorBuilder;
using tests::TemporaryFolder;

using SectorPlace = SectorPiece::Place;

std::string url_of(const std::string& path, const SectorPlace& place,
                   std::optional<UnpaddedSize> payload = std::nullopt) {
  return sector_url_from({.path = path, .place = place, .payload = payload});
}

std::unique_ptr<Mount> mount_of(const std::string& path,
                                const SectorPlace& place) {
  auto mount = SectorMount::from_url(url_of(path, place));
  EXPECT_TRUE(mount.ok());
  return std::move(mount).value();
}

Bytes filled_up(Bytes payload, const PieceSize& size) {
  payload.resize(size.unpadded().bytes());
  return payload;
}

Bytes all_of(const RandomAccessFile& file) {
  Bytes bytes(file.size());
  EXPECT_TRUE(file.read_at(0, bytes).ok());
  return bytes;
}

std::string sha256_hex(ByteView bytes) {
  return to_hex(car::hash_bytes(car::HashCode::kSha2_256, bytes).value());
}

// The example of docs/formats/sector.md: two pieces in a sector of 2 KiB.
class SectorMountTest : public testing::Test {
 protected:
  SectorMountTest() {
    a_place = sector.add(a);
    b_place = sector.add(b);
    sector.write(path);
  }

  static constexpr std::uint64_t kSectorSize = 2048;

  const Bytes a = counted(100);
  const Bytes b = pseudo_random(300, 1);
  SectorPlace a_place;
  SectorPlace b_place;
  SectorBuilder sector{kSectorSize};
  TemporaryFolder folder;
  const std::string path = folder.path("unsealed/s-t01000-1");
};

TEST_F(SectorMountTest, BuilderMakesTheExample) {
  EXPECT_EQ(sha256_hex(sector.data()),
            "20d58c4e24d6bde5453635d59db38dbb1e59ca931df4b782ef98a5fabd53829c");
  EXPECT_EQ(sha256_hex(sector.bytes()),
            "7a030b8d2c8c23e3b21381c354fd0e6fb360394f41b52051b762aa8aed617037");
  sector.allocate({{.first = 0, .count = 1024}});
  EXPECT_EQ(sha256_hex(sector.bytes()),
            "44caced491d6d83b0a9dc3f4103489fa78128f12a93bcd9f8a59e67ceb93b895");
  SectorBuilder only_b(kSectorSize);
  only_b.add({}, 512);
  EXPECT_EQ(run_of(only_b.add(b)), run_of(b_place));
  only_b.allocate({run_of(b_place)});
  EXPECT_EQ(sha256_hex(only_b.bytes()),
            "7ec0fd2a3865d93da5993444d56869fef3e92ff3d1bdd4f7d01f3b357b2211e1");
}

TEST_F(SectorMountTest, YieldsThePieceToItsEnd) {
  const auto mount = mount_of(path, b_place);
  const auto piece = mount->open();
  ASSERT_TRUE(piece.ok()) << piece.error().message();
  EXPECT_EQ((*piece)->size(), 508U);
  EXPECT_EQ((*piece)->plain_fd(), -1);
  EXPECT_EQ(all_of(**piece), filled_up(b, b_place.size));
  EXPECT_EQ(mount->url(), url_of(path, b_place));
  EXPECT_EQ(mount->backing_folder(), folder.path("unsealed"));
}

TEST_F(SectorMountTest, ExampleRange) {
  const auto piece = mount_of(path, b_place)->open();
  ASSERT_TRUE(piece.ok());
  Bytes range(160);
  ASSERT_TRUE((*piece)->read_at(130, range).ok());
  EXPECT_EQ(to_hex(ByteView(range).first(16)),
            "da9693c08fdb43ecc4699f455f0c891e");
}

TEST_F(SectorMountTest, EveryRange) {
  const Bytes whole = filled_up(b, b_place.size);
  const auto piece = mount_of(path, b_place)->open();
  ASSERT_TRUE(piece.ok());
  for (std::size_t offset = 0; offset <= whole.size(); ++offset) {
    const ByteView rest = ByteView(whole).subspan(offset);
    for (std::size_t size = 0; size <= rest.size() + 13; size += 13) {
      const std::size_t there = std::min(size, rest.size());
      Bytes range(size);
      const auto count = (*piece)->read_some_at(offset, range);
      ASSERT_TRUE(count.ok());
      ASSERT_EQ(*count, there);
      ASSERT_TRUE(
          std::ranges::equal(ByteView(range).first(there), rest.first(there)))
          << offset << " + " << size;
    }
  }
}

TEST_F(SectorMountTest, NeedsNoWritePermission) {
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  EXPECT_TRUE(mount_of(path, a_place)->open().ok());
}

TEST_F(SectorMountTest, FileWithoutTrailerIsRead) {
  sector.without_trailer().write(path);
  const auto piece = mount_of(path, a_place)->open();
  ASSERT_TRUE(piece.ok());
  EXPECT_EQ(all_of(**piece), filled_up(a, a_place.size));
}

TEST_F(SectorMountTest, WhatIsNotAllocatedIsUnavailable) {
  sector.allocate({run_of(a_place)}).write(path);
  EXPECT_TRUE(mount_of(path, a_place)->open().ok());
  const auto mount = mount_of(path, b_place);
  const auto piece = mount->open();
  ASSERT_THAT(piece, FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(piece.error().message(), HasSubstr("not unsealed here"));
  EXPECT_THAT(mount->stamp(), FailsWith(ErrorCode::kUnavailable));
}

TEST_F(SectorMountTest, WhatIsFreedWhileOpenIsRefused) {
  const auto piece = mount_of(path, b_place)->open();
  ASSERT_TRUE(piece.ok());
  const FileStamp before = (*piece)->stamp().value();
  tests::rewrite_trailer(path, kSectorSize,
                         tests::sector_trailer({run_of(a_place)}));

  Bytes range(10);
  EXPECT_THAT((*piece)->read_at(0, range), FailsWith(ErrorCode::kUnavailable));
  EXPECT_NE((*piece)->stamp().value(), before);
}

TEST_F(SectorMountTest, StampIsThatOfTheFileWithThePiecesSize) {
  const auto mount = mount_of(path, b_place);
  const auto piece = mount->open();
  ASSERT_TRUE(piece.ok());
  FileStamp expected = stamp_of_path(path).value();
  expected.size = 508;
  EXPECT_EQ(mount->stamp().value(), expected);
  EXPECT_EQ((*piece)->stamp().value(), expected);
}

TEST_F(SectorMountTest, MissingFileIsUnavailable) {
  const auto mount = mount_of(folder.path("none"), a_place);
  EXPECT_THAT(mount->open(), FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(mount->stamp(), FailsWith(ErrorCode::kUnavailable));
}

TEST_F(SectorMountTest, PiecePastTheSectorsEndIsInvalid) {
  const SectorPlace outside{.offset = PaddedOffset(kSectorSize),
                            .size = a_place.size};
  EXPECT_THAT(mount_of(path, outside)->open(),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST_F(SectorMountTest, ShapeIsAWholePieceWithTheCarsSizeIfKnown) {
  const auto unknown = mount_of(path, b_place)->shape();
  EXPECT_TRUE(unknown.is_whole_piece);
  EXPECT_EQ(unknown.car_size, std::nullopt);
  const auto known =
      SectorMount::from_url(url_of(path, b_place, UnpaddedSize(300)));
  ASSERT_TRUE(known.ok());
  EXPECT_EQ((*known)->shape().car_size, 300U);
}

TEST_F(SectorMountTest, IsMadeByTheRegistry) {
  MountRegistry mounts;
  mounts.add("sector", &SectorMount::from_url);
  EXPECT_TRUE(mounts.instantiate(url_of(path, a_place)).ok());
  EXPECT_THAT(mounts.instantiate("sector:///x?offset=1&length=2"),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(SectorPieceReaders, SixteenThreadsReadAtRandom) {
  const TemporaryFolder folder;
  const std::string path = folder.path("unsealed/s-t01000-2");
  SectorBuilder sector(std::uint64_t{8} << 20);
  sector.add(counted(1000));
  const Bytes payload = pseudo_random(1'900'000, 5);
  const SectorPlace place = sector.add(payload);
  sector.write(path);
  const Bytes whole = filled_up(payload, place.size);
  const auto piece = mount_of(path, place)->open();
  ASSERT_TRUE(piece.ok());

  std::atomic<unsigned> wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned seed = 0; seed < 16; ++seed) {
    threads.emplace_back([&, seed] {
      std::minstd_rand random(seed + 1);
      for (int i = 0; i < 30; ++i) {
        const std::size_t offset = random() % whole.size();
        const std::size_t size =
            std::min(random() % 100'000, whole.size() - offset);
        Bytes range(size);
        const bool is_right =
            (*piece)->read_at(offset, range).ok() &&
            std::ranges::equal(range, ByteView(whole).subspan(offset, size));
        if (!is_right) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace dagfs::mount
