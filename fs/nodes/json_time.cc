// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/json_time.h"

#include <fmt/chrono.h>

#include <ctime>

namespace dagfs::fs {

std::string json_time(std::chrono::system_clock::time_point time) {
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch();
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())));
}

}  // namespace dagfs::fs
