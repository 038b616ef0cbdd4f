// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/mount_point.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

namespace dagfs::fs {
namespace {

// Layers of dead mounts on one directory: one for each crash that nobody
// cleaned up after.
constexpr int kStaleLayersMax = 64;

// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescape_field(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    unsigned value = 0;
    std::size_t digits = 0;
    while (field[i] == '\\' && digits < 3 && i + 1 + digits < field.size()) {
      const char digit = field[i + 1 + digits];
      if (digit < '0' || digit > '7') break;
      value = value * 8 + static_cast<unsigned>(digit - '0');
      ++digits;
    }
    if (digits == 3) {
      out.push_back(static_cast<char>(value));
      i += 3;
    } else {
      out.push_back(field[i]);
    }
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_dead(const std::string& path) {
  // Forced, as the kernel would go on answering from what it was told to keep.
  struct statx status = {};
  return ::statx(AT_FDCWD, path.c_str(), AT_STATX_FORCE_SYNC, STATX_BASIC_STATS,
                 &status) != 0 &&
         errno == ENOTCONN;
}

// Ordinary users may unmount what they mounted, but only through this program.
Status run_fusermount(const std::string& path) {
  std::array<std::string, 6> words = {"fusermount3", "-u", "-q",
                                      "-z",          "--", path};
  std::array<char*, 7> arguments = {};
  for (std::size_t i = 0; i < words.size(); ++i) {
    arguments.at(i) = words.at(i).data();
  }
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, "fusermount3", nullptr, nullptr,
                                   arguments.data(), environ);
  if (error != 0) return error_from_errno(error, "run fusermount3");

  int outcome = 0;
  while (::waitpid(child, &outcome, 0) < 0) {
    if (errno != EINTR) return error_from_errno(errno, "wait for fusermount3");
  }
  if (outcome == 0) return ok_status();
  return Error(ErrorCode::kIo, "fusermount3 could not unmount " + path);
}

}  // namespace

std::optional<MountEntry> find_mount(std::string_view mountinfo,
                                     std::string_view path) {
  std::optional<MountEntry> topmost;
  for (const std::string_view line : split(mountinfo, '\n')) {
    // ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE ...
    const auto fields = split(line, ' ');
    if (fields.size() < 6) continue;
    const auto dash = std::find(fields.begin() + 6, fields.end(), "-");
    if (fields.end() - dash < 3 || unescape_field(fields[4]) != path) continue;
    // Later lines lie on top of earlier ones.
    topmost = MountEntry{.device = std::string(fields[2]),
                         .type = unescape_field(dash[1]),
                         .source = unescape_field(dash[2])};
  }
  return topmost;
}

Result<std::optional<MountEntry>> find_mount_on(const std::string& path) {
  std::ifstream file("/proc/self/mountinfo");
  if (!file) return Error(ErrorCode::kIo, "cannot read /proc/self/mountinfo");
  std::ostringstream text;
  text << file.rdbuf();
  return find_mount(text.str(), path);
}

Result<std::string> resolve_mount_point(const std::string& path) {
  std::filesystem::path asked = path;
  if (!asked.has_filename()) asked = asked.parent_path();  // "a/b/".
  std::filesystem::path name = asked.filename();
  std::filesystem::path parent = asked.parent_path();
  if (name == "." || name == "..") {
    parent = std::exchange(asked, {});  // No name to leave alone.
    name.clear();
  }
  if (parent.empty()) parent = std::filesystem::path(".");

  std::error_code error;
  const auto resolved = std::filesystem::canonical(parent, error);
  if (error == std::errc::no_such_file_or_directory) {
    return Error(ErrorCode::kNotFound, "no such directory: " + parent.string());
  }
  if (error) return error_from_errno(error.value(), "resolve " + path);
  return name.empty() ? resolved.string() : (resolved / name).string();
}

Status unmount_lazily(const std::string& path) {
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
    return ok_status();
  }
  if (errno != EPERM) return error_from_errno(errno, "unmount " + path);
  return run_fusermount(path);
}

Status replace_stale_mount(const std::string& path) {
  const std::string resolved = DAGFS_TRY(resolve_mount_point(path));
  for (int layer = 0; layer < kStaleLayersMax && is_dead(resolved); ++layer) {
    const auto mount = DAGFS_TRY(find_mount_on(resolved));
    if (!mount || mount->type != kFileSystemType) return ok_status();
    DAGFS_TRY(unmount_lazily(resolved));
  }
  return ok_status();
}

}  // namespace dagfs::fs
