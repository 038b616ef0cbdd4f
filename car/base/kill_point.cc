// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/kill_point.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace dagfs {
namespace {

std::string& armed_name() {
  static std::string name;
  return name;
}

// How many may still be reached; never gets to 0 if a name is armed.
std::atomic<long> left = -1;

void arm(std::string name) {
  if (name.starts_with('#')) left = std::strtol(name.c_str() + 1, nullptr, 10);
  armed_name() = std::move(name);
}

bool arm_from_environment() {
  // Runs before main(), when nobody can be changing the environment.
  const char* name =
      std::getenv("DAGFS_KILL_POINT");  // NOLINT(concurrency-mt-unsafe)
  if (name == nullptr || *name == '\0') return false;
  arm(name);
  return true;
}

}  // namespace

namespace internal {

std::atomic<bool> kill_point_is_armed = arm_from_environment();

void reach_kill_point(std::string_view name) {
  if (name == armed_name() || --left == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace internal

void arm_kill_point(std::string name) {
  arm(std::move(name));
  internal::kill_point_is_armed = true;
}

}  // namespace dagfs
