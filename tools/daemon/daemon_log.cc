// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/daemon_log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstddef>
#include <exception>
#include <memory>

namespace dagfs::tools {
namespace {

// Months of ordinary events; a shard that fails at every look cannot fill a
// disk.
constexpr std::size_t kLogSizeMax = std::size_t{4} << 20;
constexpr std::size_t kOldLogs = 1;

void use(std::shared_ptr<spdlog::logger> logger) {
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

Status log_to_stderr() {
  use(std::make_shared<spdlog::logger>(
      "dagfs", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  return ok_status();
}

Status log_to_repo(const std::string& repo) {
  const std::string path = repo + "/" + kLogName;
  try {
    use(std::make_shared<spdlog::logger>(
        "dagfs", std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
                     path, kLogSizeMax, kOldLogs)));
  } catch (const std::exception& error) {
    // spdlog throws where the file cannot be opened.
    return Error(ErrorCode::kIo, path + ": " + error.what());
  }
  return ok_status();
}

}  // namespace dagfs::tools
