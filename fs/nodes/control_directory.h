// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "fs/node.h"
#include "fs/nodes/tree_context.h"

namespace dagfs::fs {

struct ControlOptions {
  std::chrono::system_clock::time_point started_at;
  std::string version;
  std::string mountpoint;
  std::function<std::uint64_t()> request_count;  // As TreeOptions.
  std::function<std::string()> more_metrics;     // As TreeOptions.
};

// .dagfs/: files about the running program, made up at each open.
NodePtr make_control_directory(const std::shared_ptr<TreeContext>& tree,
                               std::uint64_t inode, ControlOptions options);

}  // namespace dagfs::fs
