// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <semaphore>
#include <vector>

namespace dagfs::tools {
namespace {

TEST(StopSignals, EachSignalIsOneCall) {
  StopSignals::block();
  std::counting_semaphore<> came(0);
  std::vector<int> counts;
  {
    const auto watcher = StopSignals::watch([&](int count) {
      counts.push_back(count);
      came.release();
    });
    ASSERT_TRUE(watcher.ok());
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
      ::kill(::getpid(), number);
      came.acquire();
    }
  }
  EXPECT_EQ(counts, (std::vector<int>{1, 2, 3}));
}

TEST(StopSignals, EndsWithoutAny) {
  StopSignals::block();
  EXPECT_TRUE(StopSignals::watch([](int) {}).ok());
}

}  // namespace
}  // namespace dagfs::tools
