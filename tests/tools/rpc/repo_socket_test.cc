// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/repo_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::tools {
namespace {

using tests::FailsWith;

TEST(RepoSocket, IsForItsOwnerAlone) {
  const tests::TemporaryFolder repo;
  const Result<UniqueFd> listener = listen_in_repo(repo.path());
  ASSERT_TRUE(listener.ok());
  struct stat status = {};
  ASSERT_EQ(::stat(repo.path(kRepoSocketName).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST(RepoSocket, ConnectsToWhoListens) {
  const tests::TemporaryFolder repo;
  const Result<UniqueFd> listener = listen_in_repo(repo.path());
  const auto socket = connect_in_repo(repo.path());
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(socket->has_value());
  const auto peer = peer_credentials((*socket)->get());
  ASSERT_TRUE(peer.ok());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_TRUE(may_ask(*peer));
}

TEST(RepoSocket, NobodyThereIsAnAnswer) {
  const tests::TemporaryFolder repo;
  EXPECT_THAT(connect_in_repo(repo.path()),
              tests::IsOkAnd(testing::Eq(std::nullopt)));
  EXPECT_THAT(connect_in_repo(repo.path("absent")),
              tests::IsOkAnd(testing::Eq(std::nullopt)));
}

TEST(RepoSocket, FileOfADeadListenerIsReplaced) {
  const tests::TemporaryFolder repo;
  { const Result<UniqueFd> dead = listen_in_repo(repo.path()); }
  ASSERT_TRUE(std::filesystem::exists(repo.path(kRepoSocketName)));
  EXPECT_THAT(connect_in_repo(repo.path()),
              tests::IsOkAnd(testing::Eq(std::nullopt)));
  EXPECT_TRUE(listen_in_repo(repo.path()).ok());
}

TEST(RepoSocket, LiveListenerIsNotReplaced) {
  const tests::TemporaryFolder repo;
  const Result<UniqueFd> listener = listen_in_repo(repo.path());
  EXPECT_THAT(listen_in_repo(repo.path()), FailsWith(ErrorCode::kUnavailable));
}

TEST(RepoSocket, PlainFileInTheWayIsKept) {
  const tests::TemporaryFolder repo;
  repo.write(kRepoSocketName, "precious");
  EXPECT_THAT(listen_in_repo(repo.path()),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_TRUE(std::filesystem::exists(repo.path(kRepoSocketName)));
}

TEST(RepoSocket, WorksInARepoWithALongPath) {
  const tests::TemporaryFolder folder;
  const std::string repo = folder.path(std::string(150, 'l'));
  std::filesystem::create_directory(repo);
  const Result<UniqueFd> listener = listen_in_repo(repo);
  ASSERT_TRUE(listener.ok()) << listener.error().message();
  const auto socket = connect_in_repo(repo);
  ASSERT_TRUE(socket.ok());
  EXPECT_TRUE(socket->has_value());
}

TEST(MayAsk, OwnUserAndRootOnly) {
  EXPECT_TRUE(may_ask({.uid = ::geteuid()}));
  EXPECT_TRUE(may_ask({.uid = 0}));
  EXPECT_FALSE(may_ask({.uid = ::geteuid() + 1}));
}

}  // namespace
}  // namespace dagfs::tools
