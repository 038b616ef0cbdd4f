// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/piece_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "car/ipld/varint.h"
#include "mount/piece/piece_cid.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using mount::PaddedOffset;
using mount::PaddedSize;
using mount::PieceCopy;
using mount::UnpaddedSize;
using testing::ElementsAre;
using testing::IsEmpty;
using tests::FailsWith;
using tests::IsOkAnd;

car::Cid piece_number(unsigned number) {
  mount::TreeNode root = {};
  root[0] = static_cast<std::byte>(number);
  return mount::piece_cid_v1(root);
}

PieceCopy copy_in(std::uint64_t sector, std::uint64_t offset = 0) {
  const auto size = mount::PieceSize::from_padded(PaddedSize(1024)).value();
  return {.sector = {.miner = 1000, .number = sector},
          .place = {.offset = PaddedOffset(offset), .size = size}};
}

class PieceDatabaseTest : public testing::Test {
 protected:
  tests::TemporaryFolder folder;
  PieceDatabase database{folder.path("sectors")};
};

TEST_F(PieceDatabaseTest, IsEmptyAndNotMadeUntilSomethingIsAdded) {
  EXPECT_THAT(database.find(piece_number(1)), IsOkAnd(IsEmpty()));
  EXPECT_THAT(database.storage_configs(), IsOkAnd(IsEmpty()));
  EXPECT_FALSE(std::filesystem::exists(folder.path("sectors")));
}

TEST_F(PieceDatabaseTest, FindsWhatWasAddedInItsOrder) {
  ASSERT_TRUE(database
                  .add({{piece_number(1), copy_in(7)},
                        {piece_number(2), copy_in(7, 1024)},
                        {piece_number(1), copy_in(8)}})
                  .ok());
  ASSERT_TRUE(database.add({{piece_number(1), copy_in(5)}}).ok());
  EXPECT_THAT(database.find(piece_number(1)),
              IsOkAnd(ElementsAre(copy_in(7), copy_in(8), copy_in(5))));
  EXPECT_THAT(database.find(piece_number(2)),
              IsOkAnd(ElementsAre(copy_in(7, 1024))));
  EXPECT_THAT(database.find(piece_number(3)), IsOkAnd(IsEmpty()));
}

TEST_F(PieceDatabaseTest, SamePlaceTwiceCountsOnceAndLearnsThePayload) {
  PieceCopy known = copy_in(7);
  known.payload = UnpaddedSize(1000);
  for (const PieceCopy& copy : {copy_in(7), known, copy_in(7)}) {
    ASSERT_TRUE(database.add({{piece_number(1), copy}}).ok());
  }
  EXPECT_THAT(database.find(piece_number(1)), IsOkAnd(ElementsAre(known)));
}

TEST_F(PieceDatabaseTest, BothVersionsOfACidAreOnePiece) {
  const auto v2 = mount::to_piece_cid_v2(piece_number(1), UnpaddedSize(1000));
  ASSERT_TRUE(database.add({{v2.value(), copy_in(7)}}).ok());
  EXPECT_THAT(database.find(piece_number(1)), IsOkAnd(ElementsAre(copy_in(7))));
  EXPECT_THAT(database.find(*v2), IsOkAnd(ElementsAre(copy_in(7))));
}

TEST_F(PieceDatabaseTest, RefusesWhatIsNoPiece) {
  const car::Cid other = car::Cid::parse("bafkqaaa").value();
  EXPECT_THAT(database.add({{other, copy_in(7)}}),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_THAT(database.add_storage_config("storage.json"),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST_F(PieceDatabaseTest, IsThereWhenItIsOpenedAgain) {
  {
    PieceDatabase first(folder.path("sectors"));
    ASSERT_TRUE(first.add({{piece_number(1), copy_in(7)}}).ok());
    ASSERT_TRUE(first.add_storage_config("/b/storage.json").ok());
    ASSERT_TRUE(first.add_storage_config("/a/storage.json").ok());
  }
  EXPECT_THAT(database.find(piece_number(1)), IsOkAnd(ElementsAre(copy_in(7))));
  EXPECT_THAT(database.storage_configs(),
              IsOkAnd(ElementsAre("/a/storage.json", "/b/storage.json")));
}

TEST(PieceCopiesRow, CutAnywhereIsCorruptOrHasFewerCopies) {
  const std::string whole = encode_piece_copies({copy_in(7), copy_in(8)});
  EXPECT_THAT(decode_piece_copies(whole),
              IsOkAnd(ElementsAre(copy_in(7), copy_in(8))));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto copies = decode_piece_copies(whole.substr(0, size));
    if (size == whole.size() / 2) {
      EXPECT_THAT(copies, IsOkAnd(ElementsAre(copy_in(7))));
    } else {
      EXPECT_THAT(copies, FailsWith(ErrorCode::kCorrupt)) << size;
    }
  }
}

TEST(PieceCopiesRow, PlacesWhereNoPieceCanBeAreCorrupt) {
  const auto row = [](std::initializer_list<std::uint64_t> numbers) {
    Bytes bytes;
    for (const std::uint64_t number : numbers) {
      car::append_varint(number, &bytes);
    }
    return std::string(as_text(bytes));
  };
  constexpr std::uint64_t kGreatest = (std::uint64_t{1} << 63) - 1;
  EXPECT_TRUE(decode_piece_copies(row({1, 2, 1024, 1024, 1016})).ok());
  for (const std::string& bad :
       {row({1, 2, 1024, 1024, 1017}), row({1, 2, 512, 1024, 0}),
        row({1, 2, 0, 1000, 0}), row({1, 2, 0, 0, 0}),
        row({1, 2, std::uint64_t{1} << 40, 1024, 0}),
        row({kGreatest, kGreatest, kGreatest, kGreatest, kGreatest})}) {
    EXPECT_THAT(decode_piece_copies(bad), FailsWith(ErrorCode::kCorrupt));
  }
}

}  // namespace
}  // namespace dagfs::dagstore
