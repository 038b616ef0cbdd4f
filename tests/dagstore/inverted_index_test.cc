// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/inverted_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/car_builder.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using tests::FailsWith;
using tests::IsOkAnd;

const std::atomic<bool> kNotCancelled = false;

class InvertedIndexTest : public testing::Test {
 protected:
  InvertedIndexTest() { open(); }

  void open() {
    inverted.reset();
    auto opened = InvertedIndex::open(folder.path("inverted"));
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    inverted = std::move(opened).value();
  }

  static ShardKey key(std::string_view text) {
    return ShardKey::parse(text).value();
  }

  // What the blocks of `builder` are listed in, under the checksum `checksum`.
  void add(std::string_view name, std::string_view checksum,
           const tests::CarBuilder& builder) {
    const auto car = tests::index_car(builder);
    const Status added =
        inverted->add(key(name), {checksum, *car.index}, kNotCancelled);
    ASSERT_TRUE(added.ok()) << added.error().message();
  }

  std::vector<std::string> find(const car::Cid& cid, std::size_t max = 64) {
    const auto found = inverted->find(cid.multihash(), max);
    EXPECT_TRUE(found.ok());
    std::vector<std::string> keys;
    for (const ShardKey& shard : *found) keys.push_back(shard.text());
    return keys;
  }

  InvertedIndex::SweepReport sweep(InvertedIndex::SweepMode mode) {
    auto report = inverted->sweep(mode, kNotCancelled);
    EXPECT_TRUE(report.ok());
    return *report;
  }

  tests::TemporaryFolder folder;
  std::unique_ptr<InvertedIndex> inverted;
};

TEST_F(InvertedIndexTest, FindsEveryShardOfABlock) {
  tests::CarBuilder first;
  tests::CarBuilder second;
  const car::Cid both = first.block("both");
  const car::Cid alone = first.block("alone");
  second.block("both");
  add("a", "1", first);
  add("b", "2", second);
  EXPECT_THAT(find(both), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(find(both, 1), SizeIs(1));
  EXPECT_THAT(find(alone), ElementsAre("a"));
  EXPECT_THAT(find(tests::CarBuilder().block("neither")), IsEmpty());
}

TEST_F(InvertedIndexTest, FindsBlocksOfEveryHashFunction) {
  tests::CarBuilder builder;
  std::vector<car::Cid> cids;
  for (const auto code : {car::HashCode::kSha1, car::HashCode::kSha2_256,
                          car::HashCode::kSha2_512, car::HashCode::kBlake2b256,
                          car::HashCode::kSha3_256, car::HashCode::kBlake3}) {
    cids.push_back(builder.block(car::Codec::kRaw, code, as_bytes("text")));
  }
  add("a", "1", builder);
  for (const car::Cid& cid : cids) EXPECT_THAT(find(cid), ElementsAre("a"));
}

TEST_F(InvertedIndexTest, DigestsFullOfSlashesAreFound) {
  tests::CarBuilder builder;
  std::vector<car::Cid> cids;
  for (const char last : {'/', '.', '\0', '\xff'}) {
    std::string text(32, '/');
    text.back() = last;
    cids.push_back(car::Cid::v1(car::Codec::kRaw,
                                {car::HashCode::kSha2_256, as_bytes(text)}));
    builder.section(cids.back(), as_bytes("wrong"));
  }
  add("a", "1", builder);
  for (const car::Cid& cid : cids) EXPECT_THAT(find(cid), ElementsAre("a"));
}

TEST_F(InvertedIndexTest, IdentityBlocksHaveNoEntries) {
  tests::CarBuilder builder;
  const car::Cid cid =
      builder.identity_block(car::Codec::kRaw, as_bytes("inline"));
  builder.block("other");
  add("a", "1", builder);
  EXPECT_THAT(find(cid), IsEmpty());
  EXPECT_EQ(sweep(InvertedIndex::SweepMode::kDryRun).entries, 1U);
}

TEST_F(InvertedIndexTest, AddingTheSameAgainChangesNothing) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  add("a", "1", builder);
  add("a", "1", builder);
  EXPECT_THAT(find(cid), ElementsAre("a"));
  EXPECT_EQ(sweep(InvertedIndex::SweepMode::kDryRun).entries, 1U);
}

TEST_F(InvertedIndexTest, OtherContentTakesThePlaceOfTheOld) {
  tests::CarBuilder before;
  tests::CarBuilder after;
  const car::Cid old_cid = before.block("before");
  const car::Cid new_cid = after.block("after");
  add("a", "1", before);
  add("a", "2", after);
  EXPECT_THAT(find(old_cid), IsEmpty());
  EXPECT_THAT(find(new_cid), ElementsAre("a"));

  EXPECT_EQ(sweep(InvertedIndex::SweepMode::kDryRun).orphans, 1U);
  EXPECT_EQ(sweep(InvertedIndex::SweepMode::kRemove).orphans, 1U);
  const auto left = sweep(InvertedIndex::SweepMode::kDryRun);
  EXPECT_EQ(left.entries, 1U);
  EXPECT_EQ(left.contents, 0U);
  EXPECT_THAT(find(new_cid), ElementsAre("a"));
}

TEST_F(InvertedIndexTest, DroppedShardIsNotFoundAndLeavesNothing) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  const auto car = tests::index_car(builder);
  const InvertedIndex::Content content = {"1", *car.index};
  ASSERT_TRUE(inverted->add(key("a"), content, kNotCancelled).ok());
  ASSERT_TRUE(inverted->drop(key("a"), &content, kNotCancelled).ok());
  EXPECT_THAT(find(cid), IsEmpty());
  EXPECT_EQ(sweep(InvertedIndex::SweepMode::kDryRun).entries, 0U);
}

TEST_F(InvertedIndexTest, DroppedWithoutItsIndexIsSweptLater) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  add("a", "1", builder);
  add("b", "1", builder);
  ASSERT_TRUE(inverted->drop(key("a"), nullptr, kNotCancelled).ok());
  EXPECT_THAT(find(cid), ElementsAre("b"));
  const auto swept = sweep(InvertedIndex::SweepMode::kRemove);
  EXPECT_EQ(swept.orphans, 1U);
  EXPECT_EQ(swept.contents, 1U);
  EXPECT_EQ(sweep(InvertedIndex::SweepMode::kDryRun).entries, 1U);
  EXPECT_THAT(find(cid), ElementsAre("b"));
}

TEST_F(InvertedIndexTest, DroppingWhatIsNotInIsNoError) {
  EXPECT_TRUE(inverted->drop(key("a"), nullptr, kNotCancelled).ok());
}

TEST_F(InvertedIndexTest, ShardIsNotFoundBeforeAllOfItIsIn) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  const auto car = tests::index_car(builder);
  const std::atomic<bool> cancelled = true;
  EXPECT_THAT(inverted->add(key("a"), {"1", *car.index}, cancelled),
              FailsWith(ErrorCode::kUnavailable));
  EXPECT_THAT(find(cid), IsEmpty());
  const auto member = inverted->member(key("a"));
  ASSERT_TRUE(member.ok() && member->has_value());
  EXPECT_FALSE((*member)->is_complete);
  add("a", "1", builder);
  EXPECT_THAT(find(cid), ElementsAre("a"));
}

TEST_F(InvertedIndexTest, IsThereAfterReopening) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  add("a", "1", builder);
  ASSERT_TRUE(inverted->set_progress("half").ok());
  open();
  EXPECT_THAT(find(cid), ElementsAre("a"));
  EXPECT_THAT(inverted->progress(), IsOkAnd(std::string("half")));
}

TEST_F(InvertedIndexTest, RestartForgetsEverything) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  add("a", "1", builder);
  ASSERT_TRUE(inverted->set_progress("half").ok());
  ASSERT_TRUE(inverted->restart().ok());
  EXPECT_THAT(find(cid), IsEmpty());
  EXPECT_THAT(inverted->progress(), IsOkAnd(std::string()));
  EXPECT_FALSE(std::filesystem::exists(folder.path("inverted/1")));
  open();
  EXPECT_THAT(find(cid), IsEmpty());
}

TEST_F(InvertedIndexTest, DatabaseThatCannotBeOpenedIsReplaced) {
  tests::CarBuilder builder;
  const car::Cid cid = builder.block("text");
  add("a", "1", builder);
  inverted.reset();
  std::ofstream(folder.path("inverted/1/CURRENT"), std::ios::trunc) << "junk";
  open();
  EXPECT_THAT(find(cid), IsEmpty());
  add("a", "1", builder);
  EXPECT_THAT(find(cid), ElementsAre("a"));
}

TEST_F(InvertedIndexTest, MembersAreThoseThatWereNotDropped) {
  tests::CarBuilder builder;
  builder.block("text");
  add("a", "1", builder);
  add("b", "2", builder);
  add("b", "3", builder);
  add("c", "4", builder);
  ASSERT_TRUE(inverted->drop(key("a"), nullptr, kNotCancelled).ok());
  std::vector<std::string> members;
  ASSERT_TRUE(inverted
                  ->for_each_member([&](const InvertedIndex::Member& member) {
                    members.push_back(member.key + '=' + member.checksum);
                    return true;
                  })
                  .ok());
  EXPECT_THAT(members, UnorderedElementsAre("b=3", "c=4"));
}

}  // namespace
}  // namespace dagfs::dagstore
