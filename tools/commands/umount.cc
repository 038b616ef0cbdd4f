// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <optional>

#include "fs/fuse/mount_point.h"
#include "tools/commands/commands.h"
#include "tools/daemon/unmount.h"

namespace dagfs::tools {
namespace {

struct UmountOptions {
  std::string mountpoint;
  bool lazy = false;
};

Result<ExitCode> umount(const UmountOptions& options, CommandContext& context) {
  const Result<std::string> path = fs::resolve_mount_point(options.mountpoint);
  if (!path.ok()) {
    return context.fail(ExitCode::kNoInput, path.error().message());
  }
  const std::optional<fs::MountEntry> mounted =
      DAGFS_TRY(fs::find_mount_on(*path));
  if (!mounted) {
    return context.fail(ExitCode::kNoInput, *path + ": nothing is mounted");
  }
  if (mounted->type != fs::kFileSystemType) {
    return context.fail(ExitCode::kUsage,
                        fmt::format("{}: is a mount of {}, not of dagfs", *path,
                                    mounted->type));
  }
  const DaemonProcess daemon =
      DaemonProcess::find(mounted->source, *path, context.repo());
  const Status unmounted =
      unmount(*path, options.lazy ? Unmount::kLazily : Unmount::kIfUnused);
  if (!unmounted.ok()) {
    // Not allowed, or in use.
    const bool in_use = unmounted.error().code() == ErrorCode::kUnavailable;
    return context.fail(in_use ? ExitCode::kTemporary : ExitCode::kNoPermission,
                        unmounted.error().message());
  }
  if (options.lazy || daemon.wait_for_end()) return ExitCode::kOk;
  return context.fail(
      ExitCode::kTemporary,
      fmt::format("{}: unmounted, but process {} has not ended yet", *path,
                  daemon.pid()));
}

}  // namespace

void add_umount(CLI::App& program, Selection* selected) {
  auto options = std::make_shared<UmountOptions>();
  CLI::App* command = add_command(
      program, "umount",
      {.what = "Take a mount away and wait until its daemon has ended",
       .when = "you are done looking, or want to move the repo",
       .example = "dagfs umount /mnt/dagstore"});
  command->add_option("mountpoint", options->mountpoint, "Where it is mounted")
      ->type_name("MOUNTPOINT")
      ->required();
  command->add_flag("-l,--lazy", options->lazy,
                    "Even if it is in use; does not wait");
  select(command, selected, options, umount);
}

}  // namespace dagfs::tools
