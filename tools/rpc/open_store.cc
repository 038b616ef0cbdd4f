// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/open_store.h"

#include <unistd.h>

#include <optional>
#include <thread>

#include "mount/file_mount.h"
#include "tools/rpc/local_store_service.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_store_service.h"
#include "tools/version.h"

namespace dagfs::tools {
namespace {

// Between two looks at a repo that is locked.
constexpr std::chrono::milliseconds kLookInterval{50};

ServiceStatus status_without_daemon(const std::string& repo) {
  return {.pid = ::getpid(), .version = kVersion, .repo = repo};
}

}  // namespace

Result<std::shared_ptr<dagstore::Dagstore>> open_repo(const std::string& repo) {
  mount::MountRegistry mounts;
  mounts.add("file", mount::FileMount::factory(repo));
  std::unique_ptr<dagstore::Dagstore> dagstore =
      DAGFS_TRY(dagstore::Dagstore::open({.repo = repo}, std::move(mounts)));
  return std::shared_ptr<dagstore::Dagstore>(std::move(dagstore));
}

Result<std::unique_ptr<StoreService>> open_store(
    const OpenStoreOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.patience;
  while (true) {
    std::optional<UniqueFd> socket = DAGFS_TRY(connect_in_repo(options.repo));
    if (socket) {
      return std::unique_ptr<StoreService>(
          std::make_unique<RpcStoreService>(std::move(*socket)));
    }
    Result<std::shared_ptr<dagstore::Dagstore>> dagstore =
        open_repo(options.repo);
    if (dagstore.ok()) {
      return std::unique_ptr<StoreService>(std::make_unique<LocalStoreService>(
          std::move(dagstore).value(),
          [repo = options.repo] { return status_without_daemon(repo); }));
    }
    const bool locked = dagstore.error().code() == ErrorCode::kUnavailable;
    if (!locked || std::chrono::steady_clock::now() >= deadline) {
      return std::move(dagstore).error();
    }
    std::this_thread::sleep_for(kLookInterval);
  }
}

}  // namespace dagfs::tools
