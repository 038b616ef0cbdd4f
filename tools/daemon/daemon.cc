// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/daemon.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fs/fuse/session.h"
#include "fs/nodes/root_node.h"
#include "tools/daemon/daemon_log.h"
#include "tools/daemon/metrics.h"
#include "tools/daemon/mountpoint_check.h"
#include "tools/daemon/stop_signals.h"
#include "tools/rpc/local_store_service.h"
#include "tools/rpc/open_store.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_server.h"
#include "tools/version.h"

namespace dagfs::tools {
namespace {

// How long ending may take once the mount is gone: calls of clients and shards
// being indexed are waited for, a disk that hangs is not.
constexpr std::chrono::seconds kEndingMax{5};

// Shards held open take descriptors, and the default of 1024 is for programs
// that use select(2).
void raise_descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Ends the process if it has not ended by itself in time. All that is stored
// is safe at any moment, so nothing is lost.
void limit_ending() {
  std::thread([] {
    std::this_thread::sleep_for(kEndingMax);
    spdlog::warn("ending took too long; gave up on what still runs");
    ::_exit(static_cast<int>(ExitCode::kOk));
  }).detach();
}

// Of one mount. Declared in the order in which the parts need each other.
class RunningDaemon {
 public:
  explicit RunningDaemon(const DaemonOptions& options) : options_(options) {}

  // Everything but threads that answer: a process that looks into the mount
  // waits until serve().
  Status start() {
    if (options_.log == LogTarget::kStderr) DAGFS_TRY(log_to_stderr());
    dagstore_ = DAGFS_TRY(open_repo({.repo = options_.repo}));
    const std::string& repo = dagstore_->repo();
    if (options_.log == LogTarget::kRepo) DAGFS_TRY(log_to_repo(repo));
    DAGFS_TRY(check_apart_from_repo(options_.mountpoint, repo));
    const std::vector<std::string> folders =
        DAGFS_TRY(dagstore_->backing_folders());
    DAGFS_TRY(check_apart_from_files(options_.mountpoint, folders));

    service_ = std::make_unique<LocalStoreService>(dagstore_, options_.inbox,
                                                   [this] { return status(); });
    if (!options_.mount.read_only) inbox_ = DAGFS_TRY(service_->inbox());
    listener_ = DAGFS_TRY(listen_in_repo(repo));
    fs::FuseSession session =
        DAGFS_TRY(fs::FuseSession::mount(session_options(repo), make_tree()));
    session_ = std::make_unique<fs::FuseSession>(std::move(session));
    spdlog::info("mounted {} at {}", repo, options_.mountpoint);
    return ok_status();
  }

  // Until the end of the mount.
  Status serve(StartReporter& reporter) {
    const auto signals =
        DAGFS_TRY(StopSignals::watch([this](int count) { stop(count); }));
    server_ = DAGFS_TRY(RpcServer::start(std::move(listener_), *service_));
    reporter.ready();
    const fs::FuseSession::Remains remains = DAGFS_TRY(session_->serve());
    spdlog::info("unmounted {}", options_.mountpoint);
    if (remains.threads > 0) {
      spdlog::warn("{} requests hang; ending without them", remains.requests);
      end_at_once();
    }
    return ok_status();
  }

  // Whoever finds no socket opens the repo itself, and waits for the lock.
  void end() {
    limit_ending();
    service_->stop();
    ::unlink((dagstore_->repo() + "/" + kRepoSocketName).c_str());
    server_.reset();
    session_.reset();
  }

 private:
  fs::SessionOptions session_options(const std::string& repo) const {
    const MountOptions& mount = options_.mount;
    return {.mountpoint = options_.mountpoint,
            .source = mount.source.empty() ? "dagfs:" + repo : mount.source,
            .uid = mount.uid.value_or(::getuid()),
            .gid = mount.gid.value_or(::getgid()),
            .allow_other = mount.allow_other,
            .read_only = mount.read_only,
            .debug = options_.debug,
            .passthrough = mount.passthrough,
            .counters = counters_};
  }

  fs::NodePtr make_tree() const {
    return fs::make_root(
        *dagstore_, inbox_,
        {.version = kVersion,
         .mountpoint = options_.mountpoint,
         .request_count = [counters =
                               counters_] { return total_requests(*counters); },
         .more_metrics = [counters =
                              counters_] { return metrics_text(*counters); }});
  }

  ServiceStatus status() const {
    return {.pid = ::getpid(),
            .version = kVersion,
            .started_at = started_at_,
            .repo = dagstore_->repo(),
            .mountpoint = options_.mountpoint,
            .requests = total_requests(*counters_)};
  }

  // Waits for no open file, so that further signals have nothing to add.
  void stop(int count) {
    spdlog::info("signal {}: unmounting", count);
    session_->request_stop();
  }

  [[noreturn]] void end_at_once() {
    ::unlink((dagstore_->repo() + "/" + kRepoSocketName).c_str());
    ::_exit(static_cast<int>(ExitCode::kOk));
  }

  const DaemonOptions& options_;
  const std::int64_t started_at_ = ::time(nullptr);
  const std::shared_ptr<fs::RequestCounters> counters_ =
      std::make_shared<fs::RequestCounters>();

  std::shared_ptr<dagstore::Dagstore> dagstore_;
  std::unique_ptr<LocalStoreService> service_;
  dagstore::Inbox* inbox_ = nullptr;  // Of the service; null: read-only.
  UniqueFd listener_;
  std::unique_ptr<fs::FuseSession> session_;
  std::unique_ptr<RpcServer> server_;
};

StartFailure failure_from(const Error& error, const DaemonOptions& options) {
  StartFailure failure = {exit_code_from(error.code()), error.message()};
  if (error.code() == ErrorCode::kNotFound) {
    failure.code = ExitCode::kConfiguration;
    failure.message = options.repo + ": no repo there; `dagfs init` makes one";
  }
  return failure;
}

}  // namespace

ExitCode run_daemon(const DaemonOptions& options, StartReporter& reporter) {
  raise_descriptor_limit();
  StopSignals::block();
  // A client that hangs up is an answer to a write, not the end.
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT(concurrency-mt-unsafe)

  RunningDaemon daemon(options);
  Status done = daemon.start();
  if (!done.ok()) {
    const StartFailure failure = failure_from(done.error(), options);
    reporter.failed(failure);
    return failure.code;
  }
  done = daemon.serve(reporter);
  if (!done.ok()) {
    spdlog::error("{}", done.error().message());
    reporter.failed(failure_from(done.error(), options));
  }
  daemon.end();
  return done.ok() ? ExitCode::kOk : exit_code_from(done.error().code());
}

}  // namespace dagfs::tools
