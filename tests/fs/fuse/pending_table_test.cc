// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/pending_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace dagfs::fs {
namespace {

// Never looked into by the table.
fuse_req_t handle(std::uintptr_t number) {
  return reinterpret_cast<fuse_req_t>(number);
}

TEST(PendingTable, ARequestIsClaimedOnce) {
  PendingTable table;
  table.add(RequestId{2}, handle(1));

  EXPECT_TRUE(table.contains(RequestId{2}));
  const auto claimed = table.claim(RequestId{2});
  ASSERT_TRUE(claimed.has_value());
  EXPECT_EQ(claimed->handle, handle(1));
  EXPECT_FALSE(table.claim(RequestId{2}).has_value());
  EXPECT_FALSE(table.contains(RequestId{2}));
}

TEST(PendingTable, AnUnknownRequestIsNotThere) {
  PendingTable table;
  EXPECT_FALSE(table.claim(RequestId{4}).has_value());
  table.set_lane(RequestId{4}, std::make_shared<Lane>());
  EXPECT_FALSE(table.contains(RequestId{4}));
}

TEST(PendingTable, ARequestKnowsWhereItWaits) {
  PendingTable table;
  const auto lane = std::make_shared<Lane>();
  table.add(RequestId{2}, handle(1));
  table.set_lane(RequestId{2}, lane);
  EXPECT_EQ(table.claim(RequestId{2})->lane, lane);
}

TEST(PendingTable, AllAreClaimedAtTheEnd) {
  PendingTable table;
  for (std::uint64_t i = 0; i < 40; ++i) table.add(RequestId{2 * i}, handle(1));
  EXPECT_EQ(table.claim_all().size(), 40U);
  EXPECT_TRUE(table.claim_all().empty());
}

TEST(PendingTable, OfManyThreadsOneGetsEachRequest) {
  constexpr std::uint64_t kRequests = 1000;
  PendingTable table;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    table.add(RequestId{2 * i}, handle(1));
  }
  std::atomic<std::uint64_t> claims = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < kRequests; ++i) {
        if (table.claim(RequestId{2 * i})) ++claims;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(claims, kRequests);
}

}  // namespace
}  // namespace dagfs::fs
