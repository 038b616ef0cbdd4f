// SPDX-License-Identifier: Apache-2.0 OR MIT

// Named points at which a test can make the process die as by kill -9, so that
// "after a crash anywhere" is a loop and not a hope.

#pragma once

#include <atomic>
#include <string>
#include <string_view>

namespace dagfs {

// Makes the next kill_point(name) kill this process with SIGKILL; "#9" stands
// for the ninth that is reached, whatever its name. The environment variable
// DAGFS_KILL_POINT does the same from the start.
void arm_kill_point(std::string name);

namespace internal {

extern std::atomic<bool> kill_point_is_armed;
void reach_kill_point(std::string_view name);

}  // namespace internal

// Stands before and after the steps that make something durable. In release
// builds too, so that what is tested is what runs: unarmed it costs one
// relaxed load, beside steps that cost an fsync.
inline void kill_point(std::string_view name) {
  if (internal::kill_point_is_armed.load(std::memory_order_relaxed))
      [[unlikely]] {
    internal::reach_kill_point(name);
  }
}

}  // namespace dagfs
