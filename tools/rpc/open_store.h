// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "car/base/result.h"
#include "dagstore/dagstore.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

struct OpenStoreOptions {
  std::string repo;  // Absolute.
  // How long a repo may be locked while nobody listens on its socket: a daemon
  // that starts or ends is like that for a moment.
  std::chrono::milliseconds patience{3000};
};

// The service of the repo's daemon where one listens, else of the repo itself,
// opened here until the service dies.
//
// kNotFound: no repo there. kUnavailable: another command has it open (the
// message names its process). kCorrupt, kIo.
Result<std::unique_ptr<StoreService>> open_store(
    const OpenStoreOptions& options);

// The repo itself, with every kind of mount that dagfs has, waiting for another
// command to be done with it. Errors as Dagstore::open.
Result<std::shared_ptr<dagstore::Dagstore>> open_repo(
    const OpenStoreOptions& options);

}  // namespace dagfs::tools
