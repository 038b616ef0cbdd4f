// SPDX-License-Identifier: Apache-2.0 OR MIT

// The commands on a repo, each with and without a daemon in between: what they
// print and how they end must not differ.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tests::Program;
using tests::ProgramResult;
using tests::Reach;

class ShardCommandsTest : public testing::TestWithParam<Reach> {
 protected:
  std::string car(const std::string& name) {
    return program_.folder().write(name, "car");
  }

  Program program_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Reach, ShardCommandsTest,
                         testing::Values(Reach::kDirectly,
                                         Reach::kThroughDaemon),
                         [](const auto& instance) {
                           return instance.param == Reach::kDirectly
                                      ? "Directly"
                                      : "ThroughDaemon";
                         });

TEST_P(ShardCommandsTest, RegisterPrintsTheKeysInOrder) {
  const ProgramResult result =
      program_.run({"register", car("b.car"), car("x/a.car"), car("plain")});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out, "b\na\nplain\n");
  EXPECT_EQ(result.err, "");
}

TEST_P(ShardCommandsTest, RegisterTakesAKeyAndAUrl) {
  const std::string url = "file:///srv/other.car";
  EXPECT_EQ(program_.run({"register", "--key", "mine", url}).out, "mine\n");
  EXPECT_EQ(program_.run({"register", url}).out, "other\n");
  EXPECT_EQ(program_.run({"register", "--json", "file:pieces/p.car"}).out,
            "{\"key\":\"p\",\"url\":\"file:pieces/p.car\"}\n");
}

TEST_P(ShardCommandsTest, ListRegistersWhatItCanAndNamesBadLines) {
  const std::string list =
      program_.folder().write("list",
                              "# what we have\n"
                              "a\tfile:///a.car\n"
                              "no tab\n"
                              "\n"
                              "{\"key\":\"b\",\"url\":\"file:///b.car\"}\n"
                              "{\"key\":1}\n"
                              "a\tfile:///other.car\n"
                              "last\tfile:///last.car");
  const ProgramResult first = program_.run({"register", "--from", list});
  EXPECT_EQ(first.code, ExitCode::kBadData);
  EXPECT_EQ(first.out, "3 registered, 0 there already, 3 failed\n");
  EXPECT_THAT(first.err, HasSubstr("line 3: no tab"));
  EXPECT_THAT(first.err, HasSubstr("line 6: "));
  EXPECT_THAT(first.err, HasSubstr("line 7: "));

  const ProgramResult again =
      program_.run({"register", "--json", "--from", list});
  EXPECT_EQ(Json::parse(again.out)["there_already"], 3);
}

TEST_P(ShardCommandsTest, ListOfMoreThanABatchIsRegistered) {
  std::string lines;
  for (int i = 0; i < 9001; ++i) {
    lines += "k" + std::to_string(i) + "\tfile:///a.car\n";
  }
  const std::string list = program_.folder().write("list", lines);
  EXPECT_EQ(program_.run({"register", "--from", list}).out,
            "9001 registered, 0 there already, 0 failed\n");
  EXPECT_EQ(program_.run({"register", "--from", list, "a.car"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(program_.run({"register"}).code, ExitCode::kUsage);
  EXPECT_NE(program_.run({"register", "--from", "/nowhere"}).code,
            ExitCode::kOk);
}

TEST_P(ShardCommandsTest, OneMissingFileRegistersNothing) {
  const std::string absent = program_.folder().path("absent.car");
  const ProgramResult result = program_.run({"register", car("a.car"), absent});
  EXPECT_EQ(result.code, ExitCode::kNoInput);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("dagfs: " + absent + ": "));
  EXPECT_EQ(program_.run({"shard", "list"}).out, "");
}

TEST_P(ShardCommandsTest, FoldersAndPipesAreNoInput) {
  const std::string pipe = program_.folder().path("pipe.car");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(program_.run({"register", pipe}).code, ExitCode::kNoInput);
  EXPECT_EQ(program_.run({"register", program_.folder().path()}).code,
            ExitCode::kNoInput);
}

TEST_P(ShardCommandsTest, TwoFilesOfOneNameNameBoth) {
  const ProgramResult result =
      program_.run({"register", car("x/a.car"), car("y/a.car")});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, HasSubstr("x/a.car"));
  EXPECT_THAT(result.err, HasSubstr("y/a.car"));
}

TEST_P(ShardCommandsTest, TakenKeyIsSaid) {
  ASSERT_EQ(program_.run({"register", car("a.car")}).code, ExitCode::kOk);
  const ProgramResult result =
      program_.run({"register", car("b.car"), car("x/a.car")});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_EQ(result.err, "dagfs: a: key is taken\n");
  EXPECT_EQ(program_.run({"shard", "info", "b"}).code, ExitCode::kNoInput);
}

TEST_P(ShardCommandsTest, KeysThatAreNoneAreRefused) {
  EXPECT_EQ(program_.run({"register", "--key", "a/b", car("a.car")}).code,
            ExitCode::kUsage);
  EXPECT_EQ(program_.run({"register", "--key", "", car("a.car")}).code,
            ExitCode::kUsage);
  EXPECT_EQ(program_.run({"register", car(".car")}).code, ExitCode::kUsage);
  EXPECT_EQ(program_.run({"register", car("caf\xe9.car")}).code,
            ExitCode::kUsage);
}

TEST_P(ShardCommandsTest, FilesInTheMountItselfAreRefused) {
  program_.service().mountpoint = program_.folder().path("mnt");
  const std::string inside = car("mnt/shards/k/piece.car");
  const ProgramResult result = program_.run({"register", inside});
  EXPECT_NE(result.code, ExitCode::kOk);
  EXPECT_THAT(result.err, HasSubstr("mount of this repo"));
  EXPECT_EQ(program_.run({"register", car("mnt2/a.car")}).code, ExitCode::kOk);
}

TEST_P(ShardCommandsTest, EagerReportsEachFailureAndKeepsTheRest) {
  const ProgramResult result =
      program_.run({"register", "--eager", car("bad.car"), car("good.car")});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_EQ(result.out, "bad\ngood\n");
  EXPECT_THAT(result.err, HasSubstr("section at 59 runs past the end"));
  EXPECT_THAT(program_.run({"shard", "info", "good"}).out,
              HasSubstr("state: ShardStateAvailable"));
}

TEST_P(ShardCommandsTest, ListPrintsALineAShard) {
  program_.run({"register", "file:///b.car", "file:///a.car"});
  EXPECT_EQ(program_.run({"shard", "list"}).out,
            "a\tShardStateNew\tfile:///a.car\n"
            "b\tShardStateNew\tfile:///b.car\n");
}

TEST_P(ShardCommandsTest, ListGoesThroughAllPages) {
  std::vector<NewShard> shards;
  for (int i = 0; i < 1001; ++i) {
    shards.push_back({fmt::format("k{:04}", i), "file:///x"});
  }
  ASSERT_TRUE(program_.service().register_shards(shards).ok());
  const std::string out = program_.run({"shard", "list", "--json"}).out;
  EXPECT_EQ(std::ranges::count(out, '\n'), 1001);
  EXPECT_THAT(out, HasSubstr("k1000"));
}

TEST_P(ShardCommandsTest, InfoPrintsWhatIsKnown) {
  program_.run({"register", "--eager", "file:///a.car"});
  const ProgramResult text = program_.run({"shard", "info", "a"});
  EXPECT_THAT(text.out, HasSubstr("root: bafkqaaa\n"));
  EXPECT_THAT(text.out, HasSubstr("indexed: 2023-11-14T22:15:00Z\n"));
  const Json json =
      Json::parse(program_.run({"shard", "info", "--json", "a"}).out);
  EXPECT_EQ(json["block_count"], 2);
  EXPECT_EQ(json["registered_at"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(json["roots"], Json::array({"bafkqaaa"}));
}

TEST_P(ShardCommandsTest, AbsentShardIsNoInputForEveryCommand) {
  for (const char* command : {"info", "destroy", "verify"}) {
    const ProgramResult result = program_.run({"shard", command, "absent"});
    EXPECT_EQ(result.code, ExitCode::kNoInput) << command;
    EXPECT_THAT(result.err, HasSubstr("absent: no such shard\n"));
  }
}

TEST_P(ShardCommandsTest, DestroyForgetsTheShard) {
  program_.run({"register", "file:///a.car"});
  const ProgramResult result = program_.run({"shard", "destroy", "a"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(program_.run({"shard", "list"}).out, "");
}

TEST_P(ShardCommandsTest, VerifyPrintsProblemsAndGoesOn) {
  program_.run({"register", "file:///bad.car", "file:///good.car"});
  const ProgramResult result = program_.run({"shard", "verify", "bad", "good"});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_EQ(result.out,
            "bad: block 0 is bad\n"
            "bad: block 1 is bad\n"
            "bad: 10 blocks, 1000 bytes, 2 bad, 0 unverifiable\n"
            "good: 10 blocks, 1000 bytes, 0 bad, 0 unverifiable\n");
  EXPECT_EQ(result.err, "dagfs: bad: 2 of 10 blocks are bad\n");
}

TEST_P(ShardCommandsTest, VerifyOfTheCommitmentSaysWhatTheBytesAre) {
  program_.run({"register", "file:///bad.car", "file:///good.car"});
  const ProgramResult result =
      program_.run({"shard", "verify", "--commp", "bad", "good"});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_EQ(result.out, "good: proven, 1000 bytes, piece size 1024\n");
  EXPECT_EQ(result.err, "dagfs: bad: another piece\n");

  const ProgramResult json =
      program_.run({"shard", "verify", "--commp", "--json", "good"});
  EXPECT_EQ(json.code, ExitCode::kOk);
  EXPECT_EQ(Json::parse(json.out), (Json{{"key", "good"},
                                         {"piece_cid", "good"},
                                         {"bytes", 1000},
                                         {"piece_size", 1024},
                                         {"problem", ""}}));
}

}  // namespace
}  // namespace dagfs::tools
