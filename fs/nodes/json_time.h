// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <chrono>
#include <string>

namespace dagfs::fs {

// RFC 3339 in UTC, whole seconds: "2025-01-31T12:00:00Z".
std::string json_time(std::chrono::system_clock::time_point time);

}  // namespace dagfs::fs
