// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using testing::HasSubstr;
using tests::Program;
using tests::ProgramResult;
using tests::Reach;

class MigrateCommandTest : public testing::TestWithParam<Reach> {
 protected:
  std::string folder(const std::string& name) {
    const std::string path = program_.folder().path(name);
    std::filesystem::create_directory(path);
    return path;
  }

  Program program_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Reach, MigrateCommandTest,
                         testing::Values(Reach::kDirectly,
                                         Reach::kThroughDaemon),
                         [](const auto& parameter) {
                           return parameter.param == Reach::kDirectly
                                      ? "Directly"
                                      : "ThroughDaemon";
                         });

TEST_P(MigrateCommandTest, CountsArePrinted) {
  const ProgramResult result =
      program_.run({"migrate", "lotus", folder("miner")});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(result.out,
            "records     3\nregistered  3\nknown       0\n"
            "inactive    0\ndamaged     0\nfailed      0\n");
}

TEST_P(MigrateCommandTest, DamagedRecordIsToldAndEndsWithBadData) {
  const ProgramResult result =
      program_.run({"migrate", "boost", folder("bad"), "--json"});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  std::istringstream lines(result.out);
  std::string line;
  std::getline(lines, line);
  const Json record = Json::parse(line);
  EXPECT_EQ(record["outcome"], "damaged");
  EXPECT_EQ(record["why"], "boost why");
  std::getline(lines, line);
  const Json counts = Json::parse(line);
  EXPECT_EQ(counts["damaged"], 1);
  EXPECT_EQ(counts["complete"], false);
}

TEST_P(MigrateCommandTest, DryRunSaysSo) {
  const ProgramResult result =
      program_.run({"migrate", "lotus", "--dry-run", folder("miner")});
  EXPECT_THAT(result.out, HasSubstr("registered  3 (dry run"));
}

TEST_P(MigrateCommandTest, FolderThatIsNotThereIsNoInput) {
  const ProgramResult result =
      program_.run({"migrate", "lotus", program_.folder().path("absent")});
  EXPECT_EQ(result.code, ExitCode::kNoInput);
  EXPECT_EQ(program_.run({"migrate", "curio", "/"}).code, ExitCode::kUsage);
}

}  // namespace
}  // namespace dagfs::tools
