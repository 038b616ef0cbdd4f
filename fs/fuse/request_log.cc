// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/request_log.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "car/base/mutex.h"

namespace dagfs::fs {
namespace {

// Enough to see what is wrong; few enough to read.
constexpr unsigned kLinesPerSecondMax = 5;

class Limiter {
 public:
  // How many lines were left out before this one; nullopt: leave it out too.
  std::optional<std::uint64_t> admit() {
    const MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - second_began_ >= std::chrono::seconds(1)) {
      second_began_ = now;
      lines_ = 0;
    }
    if (lines_ >= kLinesPerSecondMax) {
      ++left_out_;
      return std::nullopt;
    }
    ++lines_;
    return std::exchange(left_out_, 0);
  }

 private:
  Mutex mutex_;
  std::chrono::steady_clock::time_point second_began_
      DAGFS_GUARDED_BY(mutex_) = {};
  unsigned lines_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t left_out_ DAGFS_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void log_failure(std::string_view request, const Error& error) {
  static Limiter limiter;
  const auto left_out = limiter.admit();
  if (!left_out) return;
  if (*left_out > 0) spdlog::warn("{} failures not shown", *left_out);
  spdlog::warn("{}: {}", request, error.message());
}

}  // namespace dagfs::fs
