// SPDX-License-Identifier: Apache-2.0 OR MIT

// `dagfs inbox` and `dagfs ingest`, with and without a daemon in between.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tests::Program;
using tests::ProgramResult;
using tests::Reach;

class InboxCommandsTest : public testing::TestWithParam<Reach> {
 protected:
  Program program_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Reach, InboxCommandsTest,
                         testing::Values(Reach::kDirectly,
                                         Reach::kThroughDaemon),
                         [](const auto& instance) {
                           return instance.param == Reach::kDirectly
                                      ? "Directly"
                                      : "ThroughDaemon";
                         });

TEST_P(InboxCommandsTest, ListTellsAllOfMoreThanAPage) {
  for (int i = 0; i < 450; ++i) {
    program_.service().submit("name" + std::to_string(i));
  }
  const ProgramResult result = program_.run({"inbox", "ls"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 450);
  EXPECT_THAT(result.out, StartsWith("open\tfile\tname0\n"));
}

TEST_P(InboxCommandsTest, NamesOfAnyBytesAreToldInJson) {
  program_.service().submit("caf\xe9");
  const Json line = Json::parse(program_.run({"inbox", "ls", "--json"}).out);
  EXPECT_EQ(line["name_hex"], "636166e9");
  EXPECT_EQ(line["state"], "open");
  EXPECT_TRUE(line["key"].is_null());
}

TEST_P(InboxCommandsTest, SealTellsWhatBecameOfEach) {
  program_.service().submit("good");
  program_.service().submit("bad");
  const ProgramResult result =
      program_.run({"inbox", "seal", "bad", "none", "good"});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_EQ(result.out, "failed\tfile\tbad\twhy\nsealed\tfile\tgood\tkey\n");
  EXPECT_THAT(result.err, HasSubstr("none: "));
}

TEST_P(InboxCommandsTest, RetryAndRemoveTakeNames) {
  program_.service().submit("a");
  EXPECT_EQ(program_.run({"inbox", "retry", "a"}).code, ExitCode::kOk);
  EXPECT_EQ(program_.run({"inbox", "rm", "a"}).out, "");
  EXPECT_EQ(program_.run({"inbox", "rm", "a"}).code, ExitCode::kCannotCreate);
  EXPECT_EQ(program_.run({"inbox", "rm"}).code, ExitCode::kUsage);
}

TEST_P(InboxCommandsTest, IngestTellsKeyRootAndSizes) {
  const ProgramResult result = program_.run({"ingest", "--wait", "/a"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out,
            "Path:        /a\n"
            "Key:         key\n"
            "Root:        bafkqaaa\n"
            "CommP:       key\n"
            "CommP v2:    v2\n"
            "CAR size:    200\n"
            "Blocks:      2\n"
            "Piece size:  256 padded, 254 unpadded\n");
}

TEST_P(InboxCommandsTest, IngestGoesOnAfterAPathThatFails) {
  const ProgramResult result =
      program_.run({"ingest", "--json", "/bad", "/good"});
  EXPECT_EQ(result.code, ExitCode::kNoInput);
  EXPECT_EQ(Json::parse(result.out)["path"], "/good");
  EXPECT_EQ(Json::parse(result.out)["root"], "bafkqaaa");
  EXPECT_THAT(result.err, HasSubstr("/bad"));
}

}  // namespace
}  // namespace dagfs::tools
