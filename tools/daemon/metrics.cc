// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/metrics.h"

#include <fmt/core.h>

#include <string_view>

namespace dagfs::tools {
namespace {

void add_value(std::string* text, std::string_view name, std::string_view type,
               const fs::RequestCounters::Count& count) {
  *text += fmt::format("# TYPE {} {}\n{} {}\n", name, type, name,
                       count.load(std::memory_order_relaxed));
}

}  // namespace

std::string metrics_text(const fs::RequestCounters& counters) {
  std::string text = "# TYPE dagfs_requests_total counter\n";
  for (std::size_t i = 0; i < fs::kRequestKinds; ++i) {
    const auto kind = static_cast<fs::RequestKind>(i);
    text += fmt::format("dagfs_requests_total{{kind=\"{}\"}} {}\n",
                        fs::to_string(kind), counters.requests(kind));
  }
  add_value(&text, "dagfs_read_bytes_total", "counter", counters.bytes_read);
  add_value(&text, "dagfs_written_bytes_total", "counter",
            counters.bytes_written);
  add_value(&text, "dagfs_errors_total", "counter", counters.errors);
  add_value(&text, "dagfs_interrupted_total", "counter", counters.interrupted);
  add_value(&text, "dagfs_passthrough_opens_total", "counter",
            counters.passthrough_opens);
  add_value(&text, "dagfs_running_requests", "gauge", counters.running);
  add_value(&text, "dagfs_parked_requests", "gauge", counters.parked);
  add_value(&text, "dagfs_threads", "gauge", counters.threads);
  return text;
}

std::uint64_t total_requests(const fs::RequestCounters& counters) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < fs::kRequestKinds; ++i) {
    total += counters.requests(static_cast<fs::RequestKind>(i));
  }
  return total;
}

}  // namespace dagfs::tools
