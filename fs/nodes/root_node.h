// SPDX-License-Identifier: Apache-2.0 OR MIT

// The top of what a mount shows.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "dagstore/dagstore.h"
#include "dagstore/ingest/inbox.h"
#include "fs/node.h"

namespace dagfs::fs {

struct TreeOptions {
  std::string version;     // Of the program, for .dagfs/version.
  std::string mountpoint;  // For .dagfs/status.json.
  // Requests served so far, for .dagfs/status.json. May be empty; called on any
  // thread.
  std::function<std::uint64_t()> request_count;
  // Lines in Prometheus's text format that are added to .dagfs/metrics: what
  // whoever serves the tree counts. May be empty; called on any thread.
  std::function<std::string()> more_metrics;
};

// The tree over `store` and `inbox`, which must outlive it and every node of
// it. Null: a tree without inbox/, in which nothing can be changed.
NodePtr make_root(dagstore::Dagstore& store, dagstore::Inbox* inbox,
                  TreeOptions options);

}  // namespace dagfs::fs
