// SPDX-License-Identifier: Apache-2.0 OR MIT

// Shards that hang, and those who wait for them.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "tests/fs/fuse/mounted_tree.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SessionLane : public testing::Test {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FUSE();
    auto hung = std::make_shared<FakeFile>("hung");
    hung->queue = std::make_shared<Lane>();
    hung->open_gate = gate_;
    auto sound = std::make_shared<FakeFile>("sound");
    sound->queue = std::make_shared<Lane>();
    root_->entries = {{"hung", hung},
                      {"sound", sound},
                      {"plain", std::make_shared<FakeFile>("plain")}};
  }
  // Whatever happens, nobody may go on hanging.
  void TearDown() override { gate_->open(); }

  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  const std::shared_ptr<FakeDirectory> root_ =
      std::make_shared<FakeDirectory>();
};

// Threads that each read a file of a mount.
class Readers {
 public:
  Readers(const std::string& path, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, path] {
        if (read_all(path) == "hung") ++successes_;
      });
    }
  }
  std::size_t join() {
    for (std::thread& thread : threads_) thread.join();
    return successes_;
  }

 private:
  std::atomic<std::size_t> successes_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(SessionLane, TwoHundredRequestsToAHungShardHoldUpNobodyElse) {
  constexpr std::size_t kReaders = 200;
  const MountedTree tree(root_);
  Readers readers(tree.path("hung"), kReaders);
  wait_until(
      [&] { return tree.counters().parked == kReaders - kLaneRunningMax; });
  EXPECT_EQ(tree.counters().running, kLaneRunningMax);

  EXPECT_EQ(read_all(tree.path("sound")), "sound");
  EXPECT_EQ(read_all(tree.path("plain")), "plain");

  gate_->open();
  EXPECT_EQ(readers.join(), kReaders);
  wait_until([&] { return tree.counters().running == 0; });
  EXPECT_EQ(tree.counters().parked, 0U);
}

TEST_F(SessionLane, WhenEveryThreadHangsWhatNeverWaitsIsStillAnswered) {
  constexpr std::size_t kLanes = 17;  // One more than all threads can serve.
  for (std::size_t i = 0; i < kLanes; ++i) {
    auto hung = std::make_shared<FakeFile>("hung");
    hung->queue = std::make_shared<Lane>();
    hung->open_gate = gate_;
    root_->entries["hung" + std::to_string(i)] = hung;
  }
  const MountedTree tree(root_);
  std::vector<std::unique_ptr<Readers>> readers;
  for (std::size_t i = 0; i < kLanes; ++i) {
    readers.push_back(std::make_unique<Readers>(
        tree.path("hung" + std::to_string(i)), kLaneRunningMax));
  }
  wait_until([&] { return tree.counters().parked == kLaneRunningMax; });

  EXPECT_EQ(read_all(tree.path("plain")), "plain");

  gate_->open();
  for (const auto& some : readers) EXPECT_EQ(some->join(), kLaneRunningMax);
}

TEST_F(SessionLane, ReadingOfAHungShardHoldsUpNobodyElse) {
  const auto read_gate = std::make_shared<Gate>();
  auto hung = std::make_shared<FakeFile>(pattern(8 << 20));
  hung->queue = std::make_shared<Lane>();
  hung->read_gate = read_gate;
  root_->entries["slow"] = hung;
  const MountedTree tree(root_);
  std::optional<std::string> slow;
  std::thread reader([&] { slow = read_all(tree.path("slow")); });
  read_gate->wait_for_arrivals(1);

  EXPECT_EQ(read_all(tree.path("sound")), "sound");

  read_gate->open();
  reader.join();
  EXPECT_EQ(slow, pattern(8 << 20));
}

TEST_F(SessionLane, AttributesThatDoNotWaitAreToldWhileTheLaneHangs) {
  const MountedTree tree(root_);
  Readers readers(tree.path("hung"), kLaneRunningMax + 1);
  wait_until([&] { return tree.counters().parked == 1; });

  struct stat status = {};
  EXPECT_EQ(::stat(tree.path("hung").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 4);

  gate_->open();
  readers.join();
}

TEST_F(SessionLane, AttributesThatWaitDoSoInTheirOwnLane) {
  auto slow = std::make_shared<FakeFile>("slow");
  slow->queue = std::make_shared<Lane>(1);
  slow->attributes_gate = gate_;
  root_->entries["slow"] = slow;
  const MountedTree tree(root_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      struct stat status = {};
      EXPECT_EQ(::stat(tree.path("slow").c_str(), &status), 0);
    });
  }
  gate_->wait_for_arrivals(1);

  EXPECT_EQ(read_all(tree.path("sound")), "sound");

  gate_->open();
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SessionLane, AnInterruptedProgramEndsThoughItsShardHangs) {
  const MountedTree tree(root_);
  const pid_t cat = start_program({"cat", tree.path("hung")});
  gate_->wait_for_arrivals(1);

  ::kill(cat, SIGINT);

  const int outcome = wait_for_program(cat);
  EXPECT_TRUE(WIFSIGNALED(outcome) && WTERMSIG(outcome) == SIGINT);
  EXPECT_EQ(tree.counters().interrupted, 1U);
}

TEST_F(SessionLane, AnInterruptedProgramEndsWhileItIsParked) {
  const MountedTree tree(root_);
  Readers readers(tree.path("hung"), kLaneRunningMax);
  gate_->wait_for_arrivals(kLaneRunningMax);
  const pid_t cat = start_program({"cat", tree.path("hung")});
  wait_until([&] { return tree.counters().parked == 1; });

  ::kill(cat, SIGINT);

  EXPECT_TRUE(WIFSIGNALED(wait_for_program(cat)));
  wait_until([&] { return tree.counters().parked == 0; });
  gate_->open();
  EXPECT_EQ(readers.join(), kLaneRunningMax);
}

TEST_F(SessionLane, AnInterruptedReadPastTheCacheEnds) {
  const auto read_gate = std::make_shared<Gate>();
  auto direct = std::make_shared<FakeFile>("direct");
  direct->queue = std::make_shared<Lane>();
  direct->is_direct = true;
  direct->read_gate = read_gate;
  root_->entries["direct"] = direct;
  const MountedTree tree(root_);
  const pid_t cat = start_program({"cat", tree.path("direct")});
  read_gate->wait_for_arrivals(1);

  ::kill(cat, SIGINT);

  EXPECT_TRUE(WIFSIGNALED(wait_for_program(cat)));
  read_gate->open();
  // The file was closed under the read; both are done with by now.
  EXPECT_EQ(read_all(tree.path("direct")), "direct");
}

TEST_F(SessionLane, ASignalDoesNotFailARequestThatEndsSoon) {
  const MountedTree tree(root_);
  std::optional<std::string> content;
  std::thread reader([&] { content = read_all(tree.path("hung")); });
  gate_->wait_for_arrivals(1);

  // Ignored by default where no handler is set, so set one.
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, nullptr);
  ::pthread_kill(reader.native_handle(), SIGUSR1);
  gate_->open();

  reader.join();
  EXPECT_EQ(content, "hung");
}

}  // namespace
}  // namespace dagfs::fs
