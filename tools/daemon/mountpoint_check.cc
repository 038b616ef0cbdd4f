// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/mountpoint_check.h"

#include <dirent.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "fs/fuse/mount_point.h"
#include "mount/file_url.h"

namespace dagfs::tools {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<bool> is_empty(const std::string& folder) {
  const std::unique_ptr<DIR, CloseDirectory> directory(
      ::opendir(folder.c_str()));
  if (!directory) return error_from_errno(errno, folder);
  // Each DIR is used by one thread: readdir is safe.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

Status check_not_mounted(const std::string& path) {
  const std::optional<fs::MountEntry> mounted =
      DAGFS_TRY(fs::find_mount_on(path));
  if (!mounted || mounted->type != fs::kFileSystemType) return ok_status();
  return Error(
      ErrorCode::kUnavailable,
      fmt::format("{}: {} is mounted there already", path, mounted->source));
}

}  // namespace

bool lies_in(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

Result<std::string> prepare_mountpoint(const std::string& path, bool nonempty) {
  std::string mountpoint = DAGFS_TRY(fs::resolve_mount_point(path));
  DAGFS_TRY(fs::replace_stale_mount(mountpoint));
  DAGFS_TRY(check_not_mounted(mountpoint));
  // Nothing of ours is there any more, so a link as last component may be
  // followed too.
  mountpoint = DAGFS_TRY(mount::canonical_path(mountpoint));
  DAGFS_TRY(check_not_mounted(mountpoint));

  struct stat status = {};
  if (::stat(mountpoint.c_str(), &status) != 0) {
    return error_from_errno(errno, mountpoint);
  }
  if (!S_ISDIR(status.st_mode)) {
    return Error(ErrorCode::kInvalidArgument,
                 mountpoint + ": is not a directory");
  }
  if (!nonempty && !DAGFS_TRY(is_empty(mountpoint))) {
    return Error(ErrorCode::kInvalidArgument,
                 mountpoint +
                     ": is not empty; -o nonempty covers what is "
                     "there");
  }
  return mountpoint;
}

Status check_apart_from_repo(const std::string& mountpoint,
                             const std::string& repo) {
  if (lies_in(mountpoint, repo)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: lies in the repo {}", mountpoint, repo));
  }
  if (lies_in(repo, mountpoint)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: would cover the repo {}", mountpoint, repo));
  }
  return ok_status();
}

Status check_apart_from_files(const std::string& mountpoint,
                              const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    const Result<std::string> canonical = mount::canonical_path(folder);
    if (!canonical.ok() || !lies_in(*canonical, mountpoint)) continue;
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: would cover {}, where registered files are",
                             mountpoint, *canonical));
  }
  return ok_status();
}

}  // namespace dagfs::tools
