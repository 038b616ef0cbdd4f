// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <string>

#include "fs/request_counters.h"

namespace dagfs::tools {

// What a mount counted, in Prometheus's text format.
std::string metrics_text(const fs::RequestCounters& counters);

// Of all kinds.
std::uint64_t total_requests(const fs::RequestCounters& counters);

}  // namespace dagfs::tools
