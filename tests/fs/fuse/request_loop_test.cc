// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/request_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <thread>

#include "car/base/mutex.h"
#include "car/base/unique_fd.h"

namespace dagfs::fs {
namespace {

using std::chrono::seconds;

// Requests are single bytes through a pipe; what they mean is up to the test.
class PipeSource final : public RequestSource {
 public:
  PipeSource() {
    std::array<int, 2> ends = {};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    out_ = UniqueFd(ends[0]);
    in_ = UniqueFd(ends[1]);
  }

  void send(char request) {
    if (::write(in_.get(), &request, 1) != 1) std::abort();
  }
  void send_end() { in_.reset(); }

  std::unique_ptr<Buffer> make_buffer() override {
    return std::make_unique<Byte>();
  }
  Received receive(Buffer& buffer) override {
    auto& byte = static_cast<Byte&>(buffer);
    const ssize_t result = ::read(out_.get(), &byte.value, 1);
    if (result > 0) return Received::kRequest;
    return result == 0 ? Received::kEnd : Received::kNothing;
  }
  void process(Buffer& buffer) override {
    answer(static_cast<Byte&>(buffer).value);
  }

  std::function<void(char)> answer = [](char) {};

 private:
  struct Byte final : Buffer {
    char value = 0;
  };

  UniqueFd out_;
  UniqueFd in_;
};

// Counts, and lets a test wait for a count.
class Tally {
 public:
  void add() {
    const MutexLock lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void wait_for(int count) {
    const MutexLock lock(mutex_);
    while (count_ < count) changed_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  int count_ DAGFS_GUARDED_BY(mutex_) = 0;
};

TEST(RequestLoop, AnswersEveryRequestAndEndsWithTheSource) {
  const auto source = std::make_shared<PipeSource>();
  Tally answered;
  source->answer = [&](char) { answered.add(); };
  const auto loop = std::make_shared<RequestLoop>(RequestLoop::Limits{});
  ASSERT_TRUE(loop->start(source));

  for (int i = 0; i < 1000; ++i) source->send('x');
  answered.wait_for(1000);
  source->send_end();

  EXPECT_EQ(loop->wait(seconds(60)), 0U);
}

TEST(RequestLoop, StoppingEndsThreadsThatWait) {
  const auto source = std::make_shared<PipeSource>();
  const auto loop = std::make_shared<RequestLoop>(RequestLoop::Limits{});
  ASSERT_TRUE(loop->start(source));

  loop->stop();

  EXPECT_EQ(loop->wait(seconds(60)), 0U);
}

TEST(RequestLoop, WhileRequestsWaitOthersAreAnswered) {
  constexpr int kSlow = 20;
  const auto source = std::make_shared<PipeSource>();
  const auto loop = std::make_shared<RequestLoop>(RequestLoop::Limits{});
  Tally arrived;
  Tally answered;
  std::atomic<bool> is_released = false;
  source->answer = [&](char request) {
    if (request == 's') {
      loop->expect_to_wait();
      arrived.add();
      is_released.wait(false);
    }
    answered.add();
  };
  ASSERT_TRUE(loop->start(source));

  for (int i = 0; i < kSlow; ++i) source->send('s');
  arrived.wait_for(kSlow);
  source->send('x');
  answered.wait_for(1);

  is_released = true;
  is_released.notify_all();
  answered.wait_for(kSlow + 1);
  loop->stop();
  EXPECT_EQ(loop->wait(seconds(60)), 0U);
}

TEST(RequestLoop, ThreadsBeyondTheParkedOnesEnd) {
  constexpr int kSlow = 20;
  const RequestLoop::Limits limits;
  const auto source = std::make_shared<PipeSource>();
  const auto loop = std::make_shared<RequestLoop>(limits);
  Tally arrived;
  std::atomic<bool> is_released = false;
  source->answer = [&](char) {
    loop->expect_to_wait();
    arrived.add();
    is_released.wait(false);
  };
  ASSERT_TRUE(loop->start(source));
  for (int i = 0; i < kSlow; ++i) source->send('s');
  arrived.wait_for(kSlow);
  EXPECT_GE(loop->threads(), unsigned{kSlow});

  is_released = true;
  is_released.notify_all();
  while (loop->threads() > limits.readers_max + limits.parked_max) {
    std::this_thread::yield();
  }

  loop->stop();
  EXPECT_EQ(loop->wait(seconds(60)), 0U);
}

TEST(RequestLoop, StartsNoMoreThreadsThanAllowed) {
  const auto source = std::make_shared<PipeSource>();
  const auto loop = std::make_shared<RequestLoop>(
      RequestLoop::Limits{.readers_max = 1, .threads_max = 3});
  Tally arrived;
  std::atomic<bool> is_released = false;
  source->answer = [&](char) {
    loop->expect_to_wait();
    arrived.add();
    is_released.wait(false);
  };
  ASSERT_TRUE(loop->start(source));
  for (int i = 0; i < 5; ++i) source->send('s');
  arrived.wait_for(3);
  EXPECT_EQ(loop->threads(), 3U);

  is_released = true;
  is_released.notify_all();
  arrived.wait_for(5);
  loop->stop();
  EXPECT_EQ(loop->wait(seconds(60)), 0U);
}

TEST(RequestLoop, AStuckThreadIsLeftBehindAndKeepsItsSource) {
  auto source = std::make_shared<PipeSource>();
  auto loop = std::make_shared<RequestLoop>(RequestLoop::Limits{});
  Tally arrived;
  Tally finished;
  std::atomic<bool> is_released = false;
  source->answer = [&](char) {
    arrived.add();
    is_released.wait(false);
    finished.add();
  };
  ASSERT_TRUE(loop->start(source));
  source->send('s');
  arrived.wait_for(1);

  loop->stop();
  EXPECT_EQ(loop->wait(std::chrono::milliseconds(1)), 1U);
  source.reset();

  is_released = true;
  is_released.notify_all();
  finished.wait_for(1);
  EXPECT_EQ(loop->wait(seconds(60)), 0U);
}

}  // namespace
}  // namespace dagfs::fs
