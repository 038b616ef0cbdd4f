// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/shards_node.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::IsOkAnd;

class Shards : public TreeFixture {
 protected:
  // Registers `count` shards of pieces that are not there.
  void register_many(int count) {
    std::vector<dagstore::Dagstore::Registration> shards;
    for (int i = 0; i < count; ++i) {
      shards.push_back({dagstore::ShardKey::parse(key(i)).value(),
                        "file://" + piece_path(key(i))});
    }
    ASSERT_TRUE(store->register_shards(shards).ok());
  }

  static std::string key(int i) { return fmt::format("k{:06}", i); }
};

TEST_F(Shards, NoneIsAnEmptyDirectory) {
  EXPECT_THAT(tests::list(*at("shards")).names(), IsEmpty());
  EXPECT_THAT(at("shards")->lookup("x"), IsOkAnd(testing::IsNull()));
}

TEST_F(Shards, ListsEachKeyOnceWhateverRoomThereIs) {
  register_many(1000);
  for (const std::size_t room : {1U, 3U, 400U, 5000U}) {
    const tests::Listing listing = tests::list(*at("shards"), room);
    EXPECT_FALSE(listing.error);
    ASSERT_THAT(listing.entries, SizeIs(1000));
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(listing.entries[static_cast<std::size_t>(i)].name, key(i));
    }
  }
}

TEST_F(Shards, ListingAgreesWithLookUp) {
  register_many(3);
  for (const auto& entry : tests::list(*at("shards")).entries) {
    const Attributes found = attributes(*at("shards/" + entry.name));
    EXPECT_EQ(found.inode, entry.inode);
    EXPECT_EQ(found.type, entry.type);
  }
}

TEST_F(Shards, AReaderMayGoBackAndAhead) {
  register_many(3000);
  const auto handle = at("shards")->open_directory();
  ASSERT_TRUE(handle.ok());
  const auto all = tests::list(**handle, 100).entries;
  ASSERT_THAT(all, SizeIs(3000));
  for (const std::size_t place : {2999U, 0U, 1500U, 1U, 777U, 2048U}) {
    const auto rest =
        tests::list(**handle, 5000, all[place].next_cookie).entries;
    ASSERT_THAT(rest, SizeIs(2999 - place));
    if (!rest.empty()) {
      EXPECT_EQ(rest.front().name, all[place + 1].name);
    }
  }
}

TEST_F(Shards, ANewHandleTakesACookieOfAnother) {
  register_many(600);
  const auto all = tests::list(*at("shards"), 50).entries;
  const auto rest = tests::list(*at("shards"), 50, all[299].next_cookie);
  ASSERT_THAT(rest.entries, SizeIs(300));
  EXPECT_EQ(rest.entries.front().name, key(300));
}

TEST_F(Shards, OneThatIsDestroyedWhileListingHidesNoOther) {
  register_many(100);
  const auto handle = at("shards")->open_directory();
  ASSERT_TRUE(handle.ok());
  const auto half = tests::list_some(**handle, 50, 0).entries;

  const auto gone = dagstore::ShardKey::parse(key(10)).value();
  ASSERT_TRUE(store->destroy(gone).ok());

  const auto rest = tests::list(**handle, 10, half.back().next_cookie);
  ASSERT_THAT(rest.entries, SizeIs(50));
  EXPECT_EQ(rest.entries.front().name, key(50));
}

TEST_F(Shards, LookUpTouchesNoPiece) {
  register_many(1);
  EXPECT_THAT(at("shards")->lookup(key(0)), IsOkAnd(testing::NotNull()));
  EXPECT_EQ(state(key(0)), dagstore::ShardState::kNew);
}

TEST_F(Shards, NamesThatAreNoKeysAreNotThere) {
  for (const std::string& name : {std::string("nobody"), std::string("."),
                                  std::string(201, 'x'), std::string()}) {
    EXPECT_THAT(at("shards")->lookup(name), IsOkAnd(testing::IsNull()));
  }
}

TEST(KeyBookmarks, StayFewHoweverManyKeysThereAre) {
  KeyBookmarks bookmarks;
  for (std::uint64_t i = 1; i <= 12'000'000; i += 1) {
    if (i % 256 == 0) bookmarks.note(i, "key");
  }
  EXPECT_LE(bookmarks.size(), 1025U);
  const auto mark = bookmarks.before(6'000'000);
  EXPECT_LE(mark.count, 6'000'000U);
  EXPECT_GE(mark.count, 6'000'000U - 32'768U);
}

TEST(KeyBookmarks, GiveTheNearestPlaceBefore) {
  KeyBookmarks bookmarks;
  EXPECT_EQ(bookmarks.before(10).count, 0U);
  bookmarks.note(256, "a");
  bookmarks.note(300, "b");
  EXPECT_EQ(bookmarks.before(255).count, 0U);
  EXPECT_EQ(bookmarks.before(299).key, "a");
  EXPECT_EQ(bookmarks.before(300).key, "b");
  EXPECT_EQ(bookmarks.before(9999).key, "b");
}

}  // namespace
}  // namespace dagfs::fs
