// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/miner_deal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dagstore/migration/found_deal.h"
#include "tests/support/provider_repo_builder.h"
#include "tests/support/result_matchers.h"

namespace dagfs::dagstore {
namespace {

using testing::ElementsAre;
using tests::BuiltDeal;
using tests::FailsWith;

const BuiltDeal kBuiltDeal = {.proposal = "a",
                              .piece = tests::piece_number(1),
                              .piece_size = 2048,
                              .state = 5,
                              .deal_id = 300,
                              .sector = 70'000,
                              .inbound_car = "/in/a.car"};

TEST(DecodeMinerDeal, MembersAreFoundByName) {
  const std::string record = tests::miner_deal_record(kBuiltDeal);
  const auto deal = decode_miner_deal(as_bytes(record));
  ASSERT_TRUE(deal.ok()) << deal.error().message();
  EXPECT_EQ(deal->proposal, tests::proposal_cid(kBuiltDeal));
  EXPECT_EQ(deal->piece, kBuiltDeal.piece);
  EXPECT_EQ(deal->piece_size.padded().bytes(), 2048);
  EXPECT_EQ(deal->miner, 1000);
  EXPECT_EQ(deal->state, 5);
  EXPECT_EQ(deal->deal_id, 300);
  EXPECT_EQ(deal->sector, 70'000);
  EXPECT_EQ(deal->inbound_car, "/in/a.car");
}

TEST(DecodeMinerDeal, CutAtEveryByteIsCorrupt) {
  const std::string record = tests::miner_deal_record(kBuiltDeal);
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_THAT(decode_miner_deal(as_bytes(record).first(size)),
                FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(DecodeMinerDeal, EveryByteMayBeAnything) {
  const std::string record = tests::miner_deal_record(kBuiltDeal);
  for (std::size_t i = 0; i < record.size(); ++i) {
    for (const char byte : {'\0', '\x9b', '\xbb', '\x5b', '\xff'}) {
      std::string damaged = record;
      damaged[i] = byte;
      static_cast<void>(decode_miner_deal(as_bytes(damaged)));
    }
  }
}

TEST(DecodeMinerDeal, MemberThatIsMissingIsNamed) {
  std::string record = tests::miner_deal_record(kBuiltDeal);
  record.replace(record.find("SectorNumber"), 12, "sectorNumber");
  const auto deal = decode_miner_deal(as_bytes(record));
  ASSERT_THAT(deal, FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(deal.error().message(), testing::HasSubstr("SectorNumber"));
}

TEST(DecodePieceInfo, HasAllPlaces) {
  const std::string record = tests::piece_info_record(
      kBuiltDeal.piece,
      {{.deal_id = 1, .sector = 2, .offset = 4096, .length = 2048},
       {.deal_id = 3, .sector = 4, .offset = 0, .length = 2048}});
  const auto info = decode_piece_info(as_bytes(record));
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->piece, kBuiltDeal.piece);
  EXPECT_THAT(info->places, ElementsAre(DealPlace{1, 2, 4096, 2048},
                                        DealPlace{3, 4, 0, 2048}));
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_THAT(decode_piece_info(as_bytes(record).first(size)),
                FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(DealState, NamesAreThoseOfTheMarket) {
  EXPECT_EQ(deal_state_name(7), "StorageDealActive");
  EXPECT_EQ(deal_state_name(29), "StorageDealAwaitingPreCommit");
  EXPECT_EQ(deal_state_name(30), "StorageDealTransferQueued");
  EXPECT_EQ(deal_state_name(99), "StorageDealState99");
}

TEST(DealState, FiveAreActive) {
  std::vector<std::uint64_t> active;
  for (std::uint64_t state = 0; state < 40; ++state) {
    if (is_active_deal(state)) active.push_back(state);
  }
  EXPECT_THAT(active, ElementsAre(4, 5, 6, 7, 29));
}

TEST(ActorFromAddress, OnlyOfAnIdAddress) {
  EXPECT_EQ(actor_from_address(as_bytes(std::string("\0\xe8\x07", 3))), 1000);
  EXPECT_EQ(actor_from_address(as_bytes("\x01xxxxx")), std::nullopt);
  EXPECT_EQ(actor_from_address({}), std::nullopt);
  EXPECT_EQ(actor_from_text("f01000"), 1000);
  EXPECT_EQ(actor_from_text("t01000"), 1000);
  for (const char* text : {"", "f0", "f1abc", "f0x", "f01000 "}) {
    EXPECT_EQ(actor_from_text(text), std::nullopt) << text;
  }
}

TEST(CopyAt, PieceMustBeAbleToLieThere) {
  EXPECT_TRUE(copy_at({1000, 1}, 2048, 2048).ok());
  for (const auto& [offset, length] :
       {std::pair<std::uint64_t, std::uint64_t>{1024, 2048},
        {0, 0},
        {0, 1000},
        {std::uint64_t{1} << 36, 2048}}) {
    EXPECT_THAT(copy_at({1000, 1}, offset, length),
                FailsWith(ErrorCode::kCorrupt));
  }
}

}  // namespace
}  // namespace dagfs::dagstore
