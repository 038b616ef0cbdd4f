// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/open_store.h"

#include <unistd.h>

#include <functional>
#include <optional>
#include <thread>

#include "mount/file_mount.h"
#include "mount/sector/sector_mount.h"
#include "tools/rpc/local_store_service.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_store_service.h"
#include "tools/version.h"

namespace dagfs::tools {
namespace {

// Between two looks at a repo that is locked.
constexpr std::chrono::milliseconds kLookInterval{50};

// A command seals what it was told to, not what it finds.
constexpr std::chrono::hours kNever{24 * 365};

ServiceStatus status_without_daemon(const std::string& repo) {
  return {.pid = ::getpid(), .version = kVersion, .repo = repo};
}

Result<std::shared_ptr<dagstore::Dagstore>> open_now(const std::string& repo) {
  mount::MountRegistry mounts;
  mounts.add("file", mount::FileMount::factory(repo));
  mounts.add("sector", &mount::SectorMount::from_url);
  std::unique_ptr<dagstore::Dagstore> dagstore =
      DAGFS_TRY(dagstore::Dagstore::open({.repo = repo}, std::move(mounts)));
  return std::shared_ptr<dagstore::Dagstore>(std::move(dagstore));
}

Result<std::unique_ptr<StoreService>> serve_locally(const std::string& repo) {
  std::shared_ptr<dagstore::Dagstore> dagstore = DAGFS_TRY(open_now(repo));
  return std::unique_ptr<StoreService>(std::make_unique<LocalStoreService>(
      std::move(dagstore), dagstore::InboxOptions{.settle_time = kNever},
      [repo] { return status_without_daemon(repo); }));
}

// Tries until the repo is not locked, or patience ends.
template <typename T>
Result<T> retry(std::chrono::milliseconds patience,
                const std::function<Result<T>()>& attempt) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    Result<T> result = attempt();
    const bool locked =
        !result.ok() && result.error().code() == ErrorCode::kUnavailable;
    if (!locked || std::chrono::steady_clock::now() >= deadline) return result;
    std::this_thread::sleep_for(kLookInterval);
  }
}

}  // namespace

Result<std::shared_ptr<dagstore::Dagstore>> open_repo(
    const OpenStoreOptions& options) {
  return retry<std::shared_ptr<dagstore::Dagstore>>(
      options.patience, [&] { return open_now(options.repo); });
}

Result<std::unique_ptr<StoreService>> open_store(
    const OpenStoreOptions& options) {
  using Service = std::unique_ptr<StoreService>;
  return retry<Service>(options.patience, [&]() -> Result<Service> {
    std::optional<UniqueFd> socket = DAGFS_TRY(connect_in_repo(options.repo));
    if (!socket) return serve_locally(options.repo);
    return Service(std::make_unique<RpcStoreService>(std::move(*socket)));
  });
}

}  // namespace dagfs::tools
