// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "car/ipld/dag_pb.h"
#include "mount/file_mount.h"
#include "mount/piece/commp.h"
#include "mount/piece/piece_cid.h"
#include "tests/support/car_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {
namespace {

using testing::_;
using testing::HasSubstr;
using tests::CarBuilder;
using tests::IsOkAnd;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What hashes differently everywhere.
std::string varied_text(std::size_t size) {
  std::string text;
  for (std::uint64_t i = 0; text.size() < size; ++i) {
    text += std::to_string(i * i) + ' ';
  }
  text.resize(size);
  return text;
}

// An inbox whose clock stands still until settle() lets its time pass.
class InboxTest : public testing::Test {
 protected:
  InboxTest() {
    EXPECT_TRUE(Dagstore::create(repo()).ok());
    open();
  }

  std::string repo() const { return folder_.path("repo"); }

  void open(const car::ImportProfile& profile = {}) {
    mount::MountRegistry mounts;
    mounts.add("file", mount::FileMount::factory(repo()));
    auto store = Dagstore::open({.repo = repo()}, std::move(mounts));
    ASSERT_TRUE(store.ok()) << store.error().message();
    store_ = *std::move(store);
    auto inbox =
        Inbox::open(store_.get(), {.profile = profile, .now = [this] {
                                     return InboxClock::time_point(now_.load());
                                   }});
    ASSERT_TRUE(inbox.ok()) << inbox.error().message();
    inbox_ = *std::move(inbox);
  }

  // As the next process finds it.
  void reopen() {
    inbox_.reset();
    store_.reset();
    open();
  }

  std::shared_ptr<FileSubmission> create(const std::string& name) {
    auto file = inbox_->create_file({.name = name});
    EXPECT_TRUE(file.ok()) << file.error().message();
    (*file)->opened();
    return *file;
  }

  static void write(FileSubmission& file, std::uint64_t offset,
                    std::string_view text) {
    ASSERT_TRUE(file.begin_change().ok());
    const auto count = file.write(offset, as_bytes(text));
    ASSERT_TRUE(count.ok()) << count.error().message();
    EXPECT_EQ(*count, text.size());
    file.changed();
  }

  static void close(FileSubmission& file) {
    const Status kept = file.keep_closed();
    EXPECT_TRUE(kept.ok()) << kept.error().message();
    file.closed();
  }

  static std::string content(FileSubmission& file) {
    std::string text(file.size(), '\0');
    const auto count = file.read(0, std::as_writable_bytes(std::span(text)));
    EXPECT_TRUE(count.ok());
    return text;
  }

  SubmissionRecord seal(const std::string& name) {
    EXPECT_TRUE(inbox_->seal(name).ok());
    auto record = inbox_->wait(name, {});
    EXPECT_TRUE(record.ok()) << record.error().message();
    EXPECT_EQ(record->state, SubmissionState::kSealed) << record->error;
    return *record;
  }

  // The bytes of the file that is the root of a shard.
  std::string file_of(const SubmissionRecord& record) {
    auto lease = store_->acquire(ShardKey::parse(record.key).value());
    EXPECT_TRUE(lease.ok()) << lease.error().message();
    std::string text;
    collect((*lease)->blocks(), (*lease)->header().roots.front(), &text);
    return text;
  }

  static void collect(const car::ReadOnlyBlockstore& blocks,
                      const car::Cid& cid, std::string* text) {
    const auto block = blocks.get(cid);
    ASSERT_TRUE(block.ok()) << block.error().message();
    if (cid.codec() == car::Codec::kRaw) {
      text->append(as_text(**block));
      return;
    }
    const auto node = car::DagPbNode::decode(*block);
    ASSERT_TRUE(node.ok());
    for (std::size_t i = 0; i < node->link_count(); ++i) {
      collect(blocks, node->link(i).cid.to_cid(), text);
    }
  }

  // The shard's key is that of the bytes of its piece, all blocks are right.
  void expect_sound(const SubmissionRecord& record) {
    const std::string piece =
        read_file(repo() + "/pieces/" + record.key + ".car");
    mount::PieceHasher hasher;
    hasher.append(as_bytes(piece));
    EXPECT_EQ(mount::piece_cid_v1(hasher.finish()->root).to_string(),
              record.key);
    const auto report =
        store_->verify(ShardKey::parse(record.key).value(), nullptr);
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_TRUE(report->bad.empty());
    EXPECT_EQ(record.car_size, piece.size());
  }

  tests::TemporaryFolder folder_;
  std::atomic<InboxClock::duration> now_{};
  std::unique_ptr<Dagstore> store_;
  std::unique_ptr<Inbox> inbox_;
};

TEST_F(InboxTest, FileWrittenInOrderBecomesAShard) {
  const std::string text = varied_text(3'500'000);
  const auto file = create("f");
  for (std::size_t at = 0; at < text.size(); at += 100'000) {
    write(*file, at, std::string_view(text).substr(at, 100'000));
  }
  EXPECT_EQ(content(*file), text);
  EXPECT_FALSE(std::filesystem::exists(file->folder() + "/data"));
  close(*file);

  const SubmissionRecord sealed = seal("f");

  EXPECT_EQ(file_of(sealed), text);
  expect_sound(sealed);
  EXPECT_FALSE(std::filesystem::exists(file->folder() + "/piece.car"));
}

TEST_F(InboxTest, FileWrittenElsewhereIsWhatAPlainFileWouldBe) {
  std::string text = varied_text(2'500'000);
  const auto file = create("f");
  write(*file, 0, text);
  write(*file, 1'200'000, "another text");
  text.replace(1'200'000, 12, "another text");
  write(*file, 2'600'000, "after a hole");
  text.resize(2'600'000);
  text += "after a hole";
  EXPECT_EQ(content(*file), text);
  close(*file);

  EXPECT_EQ(file_of(seal("f")), text);
}

TEST_F(InboxTest, SameBytesHaveTheSameShardHoweverTheyCame) {
  const std::string text = varied_text(1'300'000);
  const auto in_order = create("a");
  write(*in_order, 0, text);
  close(*in_order);
  const auto backwards = create("b");
  write(*backwards, 700'000, std::string_view(text).substr(700'000));
  write(*backwards, 0, std::string_view(text).substr(0, 700'000));
  close(*backwards);

  EXPECT_EQ(seal("a").key, seal("b").key);
}

TEST_F(InboxTest, TruncatedFileHasItsNewSize) {
  const auto file = create("f");
  write(*file, 0, varied_text(2'000'000));
  EXPECT_TRUE(file->truncate(10).ok());
  EXPECT_EQ(content(*file), varied_text(10));
  EXPECT_TRUE(file->truncate(0).ok());
  write(*file, 0, "anew");
  close(*file);

  EXPECT_EQ(file_of(seal("f")), "anew");
}

TEST_F(InboxTest, EmptyFileIsAShardToo) {
  close(*create("empty"));

  EXPECT_EQ(file_of(seal("empty")), "");
}

TEST_F(InboxTest, CarIsTakenAsItIs) {
  CarBuilder builder;
  builder.root(builder.block("the block"));
  for (std::size_t i = 0; i < 1000; ++i) builder.block(varied_text(5'000 + i));
  const std::string car(as_text(builder.bytes()));
  const auto file = create("c.car");
  for (std::size_t at = 0; at < car.size(); at += 77'777) {
    write(*file, at, std::string_view(car).substr(at, 77'777));
  }
  close(*file);

  const SubmissionRecord sealed = seal("c.car");

  EXPECT_EQ(read_file(repo() + "/pieces/" + sealed.key + ".car"), car);
  expect_sound(sealed);
}

TEST_F(InboxTest, BrokenCarFailsWithTheOffsetAndKeepsItsBytes) {
  CarBuilder builder;
  builder.root(builder.block("the block"));
  builder.block("another block");
  std::string car(as_text(builder.bytes()));
  car.back() ^= 1;
  const auto file = create("bad.car");
  write(*file, 0, car);
  close(*file);

  EXPECT_TRUE(inbox_->seal("bad.car").ok());
  const auto failed = inbox_->wait("bad.car", {});

  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->state, SubmissionState::kFailed);
  EXPECT_THAT(failed->error, HasSubstr("section at "));
  EXPECT_EQ(content(*file), car);
  EXPECT_EQ(file->begin_change().error().os_error(), EROFS);
  reopen();
  EXPECT_EQ(inbox_->find("bad.car")->state(), SubmissionState::kFailed);
  EXPECT_TRUE(inbox_->remove("bad.car", false).ok());
  EXPECT_EQ(inbox_->find("bad.car"), nullptr);
}

TEST_F(InboxTest, DirectoryBecomesAShard) {
  const auto directory = inbox_->create_directory("d");
  ASSERT_TRUE(directory.ok());
  std::filesystem::create_directories((*directory)->tree() + "/sub");
  std::ofstream((*directory)->tree() + "/sub/file") << "text";

  const SubmissionRecord sealed = seal("d");

  expect_sound(sealed);
  EXPECT_FALSE(std::filesystem::exists((*directory)->tree()));
}

TEST_F(InboxTest, WhatIsAtRestIsSealedByItself) {
  const auto file = create("f");
  write(*file, 0, "text");
  close(*file);
  EXPECT_EQ(file->state(), SubmissionState::kOpen);

  now_ = std::chrono::seconds(3);
  inbox_->find("f")->opened();  // Has the threads look at the clock.
  inbox_->find("f")->closed();
  now_ = std::chrono::seconds(6);
  const auto other = create("g");
  close(*other);

  EXPECT_THAT(inbox_->wait("f", {}), IsOkAnd(_));
  EXPECT_EQ(file->state(), SubmissionState::kSealed);
}

TEST_F(InboxTest, OpenFileIsNotSealed) {
  const auto file = create("f");
  write(*file, 0, "text");
  EXPECT_TRUE(inbox_->seal("f").ok());
  EXPECT_EQ(file->state(), SubmissionState::kOpen);
  write(*file, 4, " and more");
  close(*file);

  EXPECT_THAT(inbox_->wait("f", {}), IsOkAnd(_));
  EXPECT_EQ(file_of(file->record()), "text and more");
}

TEST_F(InboxTest, ClosedFileSurvivesTheProcess) {
  const std::string text = varied_text(2'345'678);
  const auto file = create("f");
  write(*file, 0, text);
  close(*file);
  // What had not been closed need not be there.
  file->opened();
  write(*file, text.size(), "lost");

  reopen();

  const auto found =
      std::dynamic_pointer_cast<FileSubmission>(inbox_->find("f"));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(content(*found), text);
  EXPECT_EQ(file_of(seal("f")), text);
}

TEST_F(InboxTest, ProfileOfTheNextProcessDoesNotChangeWhatWasKept) {
  const std::string text = varied_text(1'234'567);
  inbox_.reset();
  store_.reset();
  open(*car::find_import_profile("unixfs-v0-2015"));
  const auto file = create("f");
  write(*file, 0, text);
  close(*file);

  reopen();

  EXPECT_EQ(file_of(seal("f")), text);
}

TEST_F(InboxTest, FileNobodyClosedWaitsUntilItIsToldAfterACrash) {
  const auto file = create("f");
  write(*file, 0, "begin");
  EXPECT_TRUE(file->keep(Durability::kMachine).ok());

  reopen();

  const auto found = inbox_->find("f");
  EXPECT_EQ(found->due(), std::nullopt);
  EXPECT_THAT(found->record().error, HasSubstr("not complete"));
  EXPECT_EQ(file_of(seal("f")), "begin");
}

TEST_F(InboxTest, DirectoryWaitsForAChangeAfterACrash) {
  const auto directory = inbox_->create_directory("d");
  ASSERT_TRUE(directory.ok());
  std::ofstream((*directory)->tree() + "/file") << "text";

  reopen();

  const auto found = inbox_->find("d");
  EXPECT_EQ(found->due(), std::nullopt);
  EXPECT_TRUE(found->begin_change().ok());
  found->changed();
  EXPECT_NE(found->due(), std::nullopt);
  EXPECT_EQ(found->record().error, "");
}

TEST_F(InboxTest, LostBytesAreNotFoundByTryingAgain) {
  const auto file = create("f");
  write(*file, 0, "some");
  file->note_write_failure(Error(ErrorCode::kNoSpace, "full"));
  EXPECT_EQ(file->keep_closed().error().code(), ErrorCode::kNoSpace);
  file->closed();
  EXPECT_TRUE(inbox_->seal("f").ok());
  EXPECT_EQ(inbox_->wait("f", {})->state, SubmissionState::kFailed);

  EXPECT_FALSE(inbox_->retry("f").ok());
  reopen();
  EXPECT_FALSE(inbox_->retry("f").ok());
  EXPECT_EQ(inbox_->find("f")->state(), SubmissionState::kFailed);
}

TEST_F(InboxTest, FileBegunAnewHasLostNothing) {
  const auto file = create("f");
  file->note_write_failure(Error(ErrorCode::kNoSpace, "full"));
  EXPECT_TRUE(file->truncate(0).ok());
  write(*file, 0, "anew");
  close(*file);

  EXPECT_EQ(file_of(seal("f")), "anew");
}

TEST_F(InboxTest, CrashWhileRenamingLeavesTheNameToTheNewer) {
  const auto renamed = create("a");  // The older of the two.
  write(*renamed, 0, "new");
  close(*renamed);
  const auto replaced = create("b");
  write(*replaced, 0, "old");
  close(*replaced);
  const std::string path = replaced->folder() + "/submission.json";
  const std::string record = read_file(path);
  EXPECT_TRUE(inbox_->rename("a", "b", Inbox::Replace::kYes).ok());
  std::filesystem::create_directories(replaced->folder());
  std::ofstream(path) << record;  // As if it had not gone yet.

  reopen();

  EXPECT_EQ(inbox_->list().size(), 1u);
  EXPECT_EQ(file_of(seal("b")), "new");
}

TEST_F(InboxTest, RecordThatCannotBeReadIsShownAndHarmsNoOther) {
  const auto file = create("f");
  write(*file, 0, "text");
  close(*file);
  const auto other = create("damaged-00000001");
  write(*other, 0, "other");
  close(*other);
  EXPECT_EQ(file->id(), 1u);
  std::ofstream(file->folder() + "/submission.json") << "{";

  reopen();

  EXPECT_EQ(inbox_->find("damaged-00000001~")->state(),
            SubmissionState::kFailed);
  EXPECT_EQ(file_of(seal("damaged-00000001")), "other");
}

TEST_F(InboxTest, SealedOnesStayListed) {
  const auto file = create("f");
  write(*file, 0, "text");
  close(*file);
  const std::string key = seal("f").key;

  reopen();

  EXPECT_EQ(inbox_->find("f")->record().key, key);
  EXPECT_TRUE(inbox_->remove("f", false).ok());
  EXPECT_TRUE(store_->info(ShardKey::parse(key).value()).ok());
}

TEST_F(InboxTest, TwoNamesOfTheSameBytesAreOneShard) {
  for (const char* name : {"a", "b"}) {
    const auto file = create(name);
    write(*file, 0, "the same");
    close(*file);
  }

  EXPECT_EQ(seal("a").key, seal("b").key);
}

TEST_F(InboxTest, RenamingReplaces) {
  const auto old_file = create("f");
  write(*old_file, 0, "old");
  close(*old_file);
  const auto new_file = create(".f.tmp");
  write(*new_file, 0, "new");
  close(*new_file);

  EXPECT_TRUE(inbox_->rename(".f.tmp", "f", Inbox::Replace::kYes).ok());

  EXPECT_EQ(inbox_->find(".f.tmp"), nullptr);
  reopen();
  EXPECT_EQ(inbox_->list().size(), 1u);
  EXPECT_EQ(file_of(seal("f")), "new");
}

TEST_F(InboxTest, RefusalsHaveTheirNumbers) {
  close(*create("f"));
  const auto directory = inbox_->create_directory("d");
  ASSERT_TRUE(directory.ok());
  std::ofstream((*directory)->tree() + "/file") << "text";

  EXPECT_EQ(inbox_->create_file({.name = "f"}).error().os_error(), EEXIST);
  EXPECT_EQ(inbox_->remove("g", false).error().os_error(), ENOENT);
  EXPECT_EQ(inbox_->remove("d", false).error().os_error(), ENOTEMPTY);
  EXPECT_EQ(inbox_->rename("f", "d", Inbox::Replace::kYes).error().os_error(),
            EISDIR);
  EXPECT_EQ(inbox_->rename("d", "f", Inbox::Replace::kNever).error().os_error(),
            EEXIST);
  EXPECT_EQ(inbox_->retry("f").error().os_error(), EINVAL);
}

TEST_F(InboxTest, IngestedPathIsTheShardOfTheSameSubmission) {
  const std::string text = varied_text(1'500'000);
  const auto file = create("f");
  write(*file, 0, text);
  close(*file);

  const auto ingested = inbox_->ingest(folder_.write("file", text), {}, {});

  ASSERT_TRUE(ingested.ok()) << ingested.error().message();
  EXPECT_EQ(ingested->key.text(), seal("f").key);
  EXPECT_TRUE(inbox_->ingest(folder_.path("nothing"), {}, {}).error().code() ==
              ErrorCode::kNotFound);
}

TEST_F(InboxTest, IngestedCarStaysWhereItWas) {
  CarBuilder builder;
  builder.root(builder.block("the block"));
  const std::string car(as_text(builder.bytes()));
  const std::string path = folder_.write("a.car", car);

  const auto ingested = inbox_->ingest(path, {}, {});

  ASSERT_TRUE(ingested.ok()) << ingested.error().message();
  EXPECT_EQ(read_file(path), car);
  EXPECT_EQ(read_file(repo() + "/pieces/" + ingested->key.text() + ".car"),
            car);
}

}  // namespace
}  // namespace dagfs::dagstore
