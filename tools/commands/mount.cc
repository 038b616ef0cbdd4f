// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "fs/fuse/mount_point.h"
#include "mount/file_url.h"
#include "tools/commands/commands.h"
#include "tools/daemon/background.h"
#include "tools/daemon/daemon.h"
#include "tools/daemon/mount_options.h"
#include "tools/daemon/mountpoint_check.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_store_service.h"

namespace dagfs::tools {
namespace {

constexpr char kFuseDevice[] = "/dev/fuse";

struct MountCommandOptions {
  std::string mountpoint;
  std::vector<std::string> option_lists;
  std::string profile;
  double settle_seconds = 2;
  bool foreground = false;
  bool debug = false;
};

Result<dagstore::InboxOptions> inbox_options(
    const MountCommandOptions& options) {
  dagstore::InboxOptions inbox;
  inbox.settle_time = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(options.settle_seconds));
  if (!options.profile.empty()) {
    inbox.profile = DAGFS_TRY(car::find_import_profile(options.profile));
  }
  return inbox;
}

std::optional<StartFailure> check_device() {
  if (::access(kFuseDevice, R_OK | W_OK) == 0) return std::nullopt;
  if (errno == EACCES) {
    return StartFailure{ExitCode::kNoPermission,
                        "/dev/fuse: this user may not open it"};
  }
  return StartFailure{ExitCode::kUnavailable,
                      "/dev/fuse: not there; the kernel's FUSE is not loaded"};
}

// A daemon that serves the repo already, as the lock alone would tell less.
std::optional<StartFailure> check_not_served(const std::string& repo) {
  Result<std::optional<UniqueFd>> socket = connect_in_repo(repo);
  if (!socket.ok() || !socket->has_value()) return std::nullopt;
  RpcStoreService service(std::move(**socket));
  const Result<ServiceStatus> status = service.status();
  if (!status.ok()) return std::nullopt;  // About to end: the lock decides.
  return StartFailure{ExitCode::kTemporary,
                      fmt::format("{}: mounted already, at {} by process {}",
                                  repo, status->mountpoint, status->pid)};
}

// The daemon must not look into its own mount, so whoever started it does.
std::optional<StartFailure> check_usable(const std::string& mountpoint) {
  struct stat status = {};
  if (::stat((mountpoint + "/.dagfs").c_str(), &status) == 0) {
    return std::nullopt;
  }
  return StartFailure{
      ExitCode::kIo,
      error_from_errno(errno, mountpoint + ": mounted, but not usable")
          .message()};
}

ExitCode fail(const StartFailure& failure, CommandContext& context) {
  return context.fail(failure.code, failure.message);
}

ExitCode mountpoint_code(const Error& error) {
  return error.code() == ErrorCode::kInvalidArgument
             ? ExitCode::kUsage
             : exit_code_from(error.code());
}

ExitCode run_in_foreground(const DaemonOptions& options,
                           CommandContext& context) {
  StartReporter reporter;
  const ExitCode code = run_daemon(options, reporter);
  if (reporter.failure()) return fail(*reporter.failure(), context);
  return code;
}

Result<ExitCode> mount_repo(const MountCommandOptions& options,
                            CommandContext& context) {
  if (const auto failed = context.fail_without_repo()) return *failed;
  const MountOptions mount =
      DAGFS_TRY(parse_mount_options(options.option_lists));
  if (const auto failure = check_device()) return fail(*failure, context);
  if (const auto failure = check_not_served(context.repo())) {
    return fail(*failure, context);
  }
  const Result<std::string> mountpoint =
      prepare_mountpoint(options.mountpoint, mount.nonempty);
  if (!mountpoint.ok()) {
    return context.fail(mountpoint_code(mountpoint.error()),
                        mountpoint.error().message());
  }
  const bool foreground = options.foreground || options.debug;
  const DaemonOptions daemon = {
      .repo = context.repo(),
      .mountpoint = *mountpoint,
      .mount = mount,
      .inbox = DAGFS_TRY(inbox_options(options)),
      .debug = options.debug,
      .log = foreground ? LogTarget::kStderr : LogTarget::kRepo};
  if (foreground) return run_in_foreground(daemon, context);

  std::optional<StartFailure> failure = start_in_background(
      [&](StartReporter& reporter) { return run_daemon(daemon, reporter); });
  if (!failure) failure = check_usable(*mountpoint);
  if (failure) return fail(*failure, context);
  return ExitCode::kOk;
}

}  // namespace

void add_mount(CLI::App& program, Selection* selected) {
  auto options = std::make_shared<MountCommandOptions>();
  CLI::App* command = add_command(
      program, "mount",
      {.what = "Show the repo's shards as files; returns when that works",
       .when = "you want to look inside with ls, cat, cp or any program, or "
               "to make shards of what you copy into inbox/",
       .example = "dagfs mount -o allow_other /mnt/dagstore"});
  command->add_option("mountpoint", options->mountpoint, "An empty folder")
      ->type_name("MOUNTPOINT")
      ->required();
  command->add_flag("-f", options->foreground,
                    "Stay in the foreground, log to standard error");
  command->add_flag("-d", options->debug,
                    "Tell every request; stays in the foreground too");
  command
      ->add_option("-o", options->option_lists,
                   "ro, allow_other, uid=N, gid=N, fsname=TEXT, nonempty, "
                   "no_passthrough; nodev, nosuid and noatime are so anyway")
      ->type_name("OPTIONS")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  command
      ->add_option("--profile", options->profile,
                   "How what is put into inbox/ is imported: unixfs-v1-2025 "
                   "(else), unixfs-v0-2015 or lotus")
      ->type_name("NAME");
  command
      ->add_option("--settle", options->settle_seconds,
                   "How long something in inbox/ must be at rest before it "
                   "becomes a shard; 2 else")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 86'400.0));
  select(command, selected, options, mount_repo);
}

}  // namespace dagfs::tools
