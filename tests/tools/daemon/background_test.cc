// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/background.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace dagfs::tools {
namespace {

TEST(StartInBackground, ReadyDaemonIsLeftToItself) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const auto failure = start_in_background([&](StartReporter& reporter) {
    reporter.ready();
    struct stat null = {};
    struct stat out = {};
    ::stat("/dev/null", &null);
    ::fstat(STDOUT_FILENO, &out);
    const char result = null.st_rdev == out.st_rdev ? 'y' : 'n';
    EXPECT_EQ(::write(writing.get(), &result, 1), 1);
    return ExitCode::kOk;
  });
  EXPECT_FALSE(failure.has_value());
  writing.reset();
  char result = 0;
  EXPECT_EQ(::read(reading.get(), &result, 1), 1);
  EXPECT_EQ(result, 'y');
}

TEST(StartInBackground, FailureComesWithCodeAndMessage) {
  const auto failure = start_in_background([](StartReporter& reporter) {
    reporter.failed({ExitCode::kNoPermission, "not for you: 65 ways"});
    return ExitCode::kNoPermission;
  });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::kNoPermission);
  EXPECT_EQ(failure->message, "not for you: 65 ways");
}

TEST(StartInBackground, DaemonThatDiesIsAFailure) {
  for (const bool by_signal : {false, true}) {
    const auto failure = start_in_background([&](StartReporter&) {
      if (by_signal) ::raise(SIGKILL);
      return ExitCode::kOk;
    });
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code, ExitCode::kSoftware);
  }
}

TEST(StartReporter, WithoutAParentItKeepsTheFailure) {
  StartReporter reporter;
  reporter.failed({ExitCode::kIo, "why"});
  ASSERT_TRUE(reporter.failure().has_value());
  EXPECT_EQ(reporter.failure()->message, "why");
}

TEST(StartReporter, WhatComesAfterReadyIsNoFailureToStart) {
  StartReporter reporter;
  reporter.ready();
  reporter.failed({ExitCode::kIo, "later"});
  EXPECT_FALSE(reporter.failure().has_value());
}

}  // namespace
}  // namespace dagfs::tools
