// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tests::Program;
using tests::ProgramResult;

TEST(CommandLine, HelpOfEveryCommandSaysWhenAndShowsAnExample) {
  const std::vector<std::vector<std::string>> commands = {
      {},
      {"init"},
      {"register"},
      {"mount"},
      {"umount"},
      {"shard"},
      {"shard", "list"},
      {"shard", "info"},
      {"shard", "destroy"},
      {"shard", "verify"},
      {"car"},
      {"car", "inspect"},
      {"car", "ls"},
      {"car", "cat"},
      {"car", "verify"},
      {"car", "index"},
      {"car", "extract"},
  };
  for (std::vector<std::string> command : commands) {
    command.emplace_back("--help");
    const ProgramResult result = Program().run(command);
    EXPECT_EQ(result.code, ExitCode::kOk);
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out, HasSubstr("When: "));
    EXPECT_THAT(result.out, HasSubstr("Example: dagfs"));
  }
}

TEST(CommandLine, VersionIsPrinted) {
  const ProgramResult result = Program().run({"--version"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.out, StartsWith("dagfs 0."));
}

TEST(CommandLine, WrongArgumentsAreOneLineAndUsage) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"bogus"},
      {"--bogus"},
      {"shard"},
      {"shard", "bogus"},
      {"shard", "info"},
      {"shard", "info", "a", "b"},
      {"shard", "list", "--bogus"},
      {"register"},
      {"--repo"},
      {"register", "--key", "k", "a.car", "b.car"},
  };
  for (const std::vector<std::string>& arguments : wrong) {
    const ProgramResult result = Program().run(arguments);
    EXPECT_EQ(result.code, ExitCode::kUsage)
        << testing::PrintToString(arguments);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("dagfs: "));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  }
}

TEST(CommandLine, RelativeRepoIsMadeAbsolute) {
  Program program;
  program.run({"--repo", "some/where", "shard", "list"});
  EXPECT_THAT(program.opened_repo(), StartsWith("/"));
  EXPECT_THAT(program.opened_repo(), testing::EndsWith("/some/where"));
}

TEST(CommandLine, JsonMayStandBeforeOrAfterTheCommand) {
  Program program;
  ASSERT_TRUE(program.service().register_shards({{"a", "file:///a"}}).ok());
  const std::string after = program.run({"shard", "list", "--json"}).out;
  EXPECT_THAT(after, StartsWith("{"));
  EXPECT_EQ(program.run({"--json", "shard", "list"}).out, after);
}

TEST(CommandLine, CommandsOnCarsNeedNoRepo) {
  Program program;
  program.set_repo_default("");
  EXPECT_EQ(program.run({"shard", "list"}).code, ExitCode::kConfiguration);
  EXPECT_EQ(program.run({"init"}).code, ExitCode::kConfiguration);
  EXPECT_EQ(program.run({"car", "ls", "/nowhere"}).code, ExitCode::kNoInput);
}

TEST(CommandLine, InitMakesARepoOnce) {
  Program program;
  const std::string repo = program.folder().path("new");
  EXPECT_EQ(program.run({"--repo", repo, "init"}).out, repo + "\n");
  EXPECT_EQ(program.run({"--repo", repo, "init"}).code, ExitCode::kUsage);
  const std::string nowhere = program.folder().path("no/where");
  EXPECT_EQ(program.run({"--repo", nowhere, "init"}).code,
            ExitCode::kCannotCreate);
}

TEST(CommandLine, RepoThatIsNotThereIsAConfigurationError) {
  Program program;
  program.fail_to_open(Error(ErrorCode::kNotFound, "nothing"));
  const ProgramResult result = program.run({"shard", "list"});
  EXPECT_EQ(result.code, ExitCode::kConfiguration);
  EXPECT_THAT(result.err, HasSubstr("dagfs init"));
}

TEST(CommandLine, LockedRepoIsTemporary) {
  Program program;
  program.fail_to_open(Error(ErrorCode::kUnavailable, "locked by process 17"));
  const ProgramResult result = program.run({"shard", "list"});
  EXPECT_EQ(result.code, ExitCode::kTemporary);
  EXPECT_EQ(result.err, "dagfs: locked by process 17\n");
}

TEST(ExitCodeFrom, FollowsTheTableInTheManual) {
  EXPECT_EQ(exit_code_from(ErrorCode::kNotFound), ExitCode::kNoInput);
  EXPECT_EQ(exit_code_from(ErrorCode::kInvalidArgument), ExitCode::kUsage);
  EXPECT_EQ(exit_code_from(ErrorCode::kCorrupt), ExitCode::kBadData);
  EXPECT_EQ(exit_code_from(ErrorCode::kUnsupported), ExitCode::kUnavailable);
  EXPECT_EQ(exit_code_from(ErrorCode::kUnavailable), ExitCode::kTemporary);
  EXPECT_EQ(exit_code_from(ErrorCode::kStale), ExitCode::kTemporary);
  EXPECT_EQ(exit_code_from(ErrorCode::kExhausted), ExitCode::kUnavailable);
  EXPECT_EQ(exit_code_from(ErrorCode::kIo), ExitCode::kIo);
}

}  // namespace
}  // namespace dagfs::tools
