// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/output_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>

#include "car/base/file.h"

namespace dagfs::tools {
namespace {

constexpr mode_t kPermissionBits = 0777;

Error taken() { return Error(ErrorCode::kInvalidArgument, "exists already"); }

// No other process has it, nor another file of this one.
std::string temporary_name() {
  static std::atomic<unsigned> counter = 0;
  return fmt::format(".dagfs-{}-{}.part", ::getpid(), counter++);
}

Status apply(int fd, const OutputAttributes& attributes) {
  if (attributes.mode &&
      ::fchmod(fd, *attributes.mode & kPermissionBits) != 0) {
    return error_from_errno(errno, "set the mode");
  }
  if (attributes.mtime) {
    const std::array<timespec, 2> times = {
        timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, *attributes.mtime};
    if (::futimens(fd, times.data()) != 0) {
      return error_from_errno(errno, "set the time");
    }
  }
  return ok_status();
}

// Gives `from` its final name.
Status rename_in(int folder, const std::string& from, const std::string& to,
                 Existing existing) {
  const unsigned flags = existing == Existing::kKeep ? RENAME_NOREPLACE : 0;
  if (::renameat2(folder, from.c_str(), folder, to.c_str(), flags) == 0) {
    return ok_status();
  }
  // Some file systems cannot refuse to replace: look first there.
  struct stat status = {};
  const bool cannot_refuse = errno == EINVAL && flags != 0;
  if (cannot_refuse &&
      ::fstatat(folder, to.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
      ::renameat(folder, from.c_str(), folder, to.c_str()) == 0) {
    return ok_status();
  }
  if (cannot_refuse || errno == EEXIST || errno == EISDIR) return taken();
  return error_from_errno(errno, "rename");
}

}  // namespace

Status check_output_name(std::string_view name) {
  const bool leads_elsewhere = name.empty() || name == "." || name == ".." ||
                               name.find('/') != std::string_view::npos ||
                               name.find('\0') != std::string_view::npos;
  if (leads_elsewhere || name.size() > NAME_MAX) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" cannot be the name of a file", name));
  }
  return ok_status();
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : folder_(other.folder_),
      name_(std::move(other.name_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlinkat(folder_, temporary_.c_str(), 0);
}

Status OutputFile::write(ByteView bytes) { return write_all(fd_.get(), bytes); }

Status OutputFile::finish(const OutputAttributes& attributes,
                          Existing existing) && {
  DAGFS_TRY(apply(fd_.get(), attributes));
  DAGFS_TRY(rename_in(folder_, temporary_, name_, existing));
  temporary_.clear();
  return ok_status();
}

Result<OutputFolder> OutputFolder::open(const std::string& path) {
  if (::mkdir(path.c_str(), kPermissionBits) != 0 && errno != EEXIST) {
    return error_from_errno(errno, path);
  }
  return open_existing(path);
}

Result<OutputFolder> OutputFolder::open_existing(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return error_from_errno(errno, path);
  return OutputFolder(std::move(fd), false);
}

Result<OutputFolder> OutputFolder::folder(const std::string& name) const {
  DAGFS_TRY(check_output_name(name));
  const bool is_new = ::mkdirat(fd_.get(), name.c_str(), kPermissionBits) == 0;
  if (!is_new && errno != EEXIST) {
    return error_from_errno(errno, "make the folder");
  }
  // O_NOFOLLOW: a link that has the name, from an earlier root perhaps, would
  // lead out of here.
  UniqueFd fd(::openat(fd_.get(), name.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return OutputFolder(std::move(fd), is_new);
  if (errno == ENOTDIR || errno == ELOOP) return taken();
  return error_from_errno(errno, "open the folder");
}

Status OutputFolder::check_free(const std::string& name,
                                Existing existing) const {
  DAGFS_TRY(check_output_name(name));
  struct stat status = {};
  if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return ok_status();  // Whatever is wrong shows when it is made.
  }
  if (existing == Existing::kReplace && !S_ISDIR(status.st_mode)) {
    return ok_status();
  }
  return taken();
}

Result<OutputFile> OutputFolder::file(const std::string& name) const {
  DAGFS_TRY(check_output_name(name));
  std::string temporary = temporary_name();
  UniqueFd fd(::openat(fd_.get(), temporary.c_str(),
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       0666));
  if (!fd) return error_from_errno(errno, "create");
  return OutputFile(fd_.get(), name, std::move(temporary), std::move(fd));
}

Status OutputFolder::symlink(const std::string& name, const std::string& target,
                             Existing existing) const {
  DAGFS_TRY(check_output_name(name));
  if (target.find('\0') != std::string::npos) {
    return Error(ErrorCode::kUnsupported, "a link's target with a NUL");
  }
  const std::string temporary = temporary_name();
  if (::symlinkat(target.c_str(), fd_.get(), temporary.c_str()) != 0) {
    return error_from_errno(errno, "make the link");
  }
  const Status renamed = rename_in(fd_.get(), temporary, name, existing);
  if (!renamed.ok()) ::unlinkat(fd_.get(), temporary.c_str(), 0);
  return renamed;
}

Status OutputFolder::set_attributes(const OutputAttributes& attributes) const {
  if (!is_new_) return ok_status();
  return apply(fd_.get(), attributes);
}

}  // namespace dagfs::tools
