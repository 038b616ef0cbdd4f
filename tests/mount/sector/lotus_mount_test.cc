// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/lotus_mount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "mount/piece/piece_cid.h"
#include "tests/support/payloads.h"
#include "tests/support/result_matchers.h"
#include "tests/support/sector_builder.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::FailsWith;
using tests::SectorBuilder;
using tests::TemporaryFolder;

class FakePieceTable final : public PieceTable {
 public:
  Result<std::vector<PieceCopy>> find(const car::Cid& cid) const override {
    return cid == piece ? copies : std::vector<PieceCopy>();
  }
  Result<std::vector<std::string>> storage_configs() const override {
    return configs;
  }

  car::Cid piece = piece_cid_v1({});
  std::vector<PieceCopy> copies;
  std::vector<std::string> configs;
};

// One piece in two sectors, on two disks.
class LotusMountTest : public testing::Test {
 protected:
  LotusMountTest() {
    SectorBuilder first(2048);
    table->copies.push_back({.sector = {1000, 7}, .place = first.add(content)});
    first.write(first_file);
    SectorBuilder second(2048);
    second.add({}, 1024);
    table->copies.push_back({.sector = {1000, 8},
                             .place = second.add(content),
                             .payload = UnpaddedSize(content.size())});
    second.write(second_file);
    table->configs = {folder.write(
        "storage.json", R"({"StoragePaths":[{"Path":")" + folder.path("one") +
                            R"("},{"Path":")" + folder.path("two") +
                            R"("}]})")};
  }

  std::unique_ptr<Mount> mount() const {
    auto made =
        LotusMount::from_url("lotus://" + table->piece.to_string(), table);
    EXPECT_TRUE(made.ok());
    return std::move(made).value();
  }

  void expect_readable() const {
    const auto piece = mount()->open();
    ASSERT_TRUE(piece.ok()) << piece.error().message();
    Bytes found(content.size());
    ASSERT_TRUE((*piece)->read_at(0, found).ok());
    EXPECT_EQ(found, content);
    EXPECT_EQ(mount()->stamp().value(), (*piece)->stamp().value());
  }

  const Bytes content = tests::pseudo_random(400, 1);
  TemporaryFolder folder;
  const std::string first_file = folder.path("one/unsealed/s-t01000-7");
  const std::string second_file = folder.path("two/unsealed/s-t01000-8");
  const std::shared_ptr<FakePieceTable> table =
      std::make_shared<FakePieceTable>();
};

TEST_F(LotusMountTest, ReadsTheFirstCopy) {
  expect_readable();
  EXPECT_EQ(mount()->stamp()->inode, stamp_of_path(first_file)->inode);
}

TEST_F(LotusMountTest, AnotherCopyTakesThePlaceOfOneThatIsGone) {
  std::filesystem::rename(folder.path("one"), folder.path("detached"));
  expect_readable();
  EXPECT_EQ(mount()->stamp()->inode, stamp_of_path(second_file)->inode);

  std::filesystem::rename(folder.path("detached"), folder.path("one"));
  EXPECT_EQ(mount()->stamp()->inode, stamp_of_path(first_file)->inode);
}

TEST_F(LotusMountTest, AnotherCopyTakesThePlaceOfOneThatIsNotUnsealed) {
  tests::rewrite_trailer(first_file, 2048, tests::sector_trailer({}));
  expect_readable();
}

TEST_F(LotusMountTest, WithoutUnsealedCopyItSaysWhy) {
  tests::rewrite_trailer(first_file, 2048, tests::sector_trailer({}));
  std::filesystem::remove(second_file);
  const auto piece = mount()->open();
  ASSERT_THAT(piece, FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(piece.error().message(),
              AllOf(HasSubstr("has no unsealed copy here"),
                    HasSubstr("s-t01000-7: the piece at 0 with 512 bytes"),
                    HasSubstr("no unsealed s-t01000-8 in any of 2")));
  EXPECT_THAT(mount()->stamp(), FailsWith(ErrorCode::kUnavailable));
}

TEST_F(LotusMountTest, UnknownPieceIsUnavailable) {
  table->copies.clear();
  const auto piece = mount()->open();
  ASSERT_THAT(piece, FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(piece.error().message(), HasSubstr("no storage deals"));
}

TEST_F(LotusMountTest, ShapeKnowsTheCarFromAnyCopy) {
  EXPECT_TRUE(mount()->shape().is_whole_piece);
  EXPECT_EQ(mount()->shape().car_size, content.size());
  table->copies.pop_back();
  EXPECT_EQ(mount()->shape().car_size, std::nullopt);
}

TEST_F(LotusMountTest, UrlMayEndWithASlashAndNamesAPieceOnly) {
  const std::string url = "lotus://" + table->piece.to_string();
  EXPECT_EQ(LotusMount::from_url(url + "/", table).value()->url(), url + "/");
  for (const std::string& bad :
       {std::string("lotus://"), std::string("lotus://bafkqaaa"),
        "lotus:" + table->piece.to_string(), url + "?x", url + "/x",
        std::string("file:///x")}) {
    EXPECT_THAT(LotusMount::from_url(bad, table),
                FailsWith(ErrorCode::kInvalidArgument))
        << bad;
  }
}

}  // namespace
}  // namespace dagfs::mount
