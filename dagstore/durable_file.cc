// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "car/base/kill_point.h"

namespace dagfs::dagstore {
namespace {

// The owner's alone: URLs and names of files are nobody else's business.
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

std::string parent_of(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const std::size_t slash = folder.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : folder.substr(0, slash);
}

}  // namespace

std::string temporary_name(std::string_view name) {
  return std::string(name) + ".tmp";
}

Status make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), kFolderMode) == 0) {
    return sync_folder(parent_of(folder));
  }
  if (errno != EEXIST) return error_from_errno(errno, folder);
  return ok_status();
}

Status sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return error_from_errno(errno, folder);
  return ok_status();
}

Status replace_file(const std::string& folder, std::string_view name,
                    std::span<const std::string_view> parts,
                    Durability durability) {
  const std::string path = folder + '/' + std::string(name);
  const std::string temporary = temporary_name(path);
  const bool for_machine = durability == Durability::kMachine;
  {
    const UniqueFd fd(::open(temporary.c_str(),
                             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                             kFileMode));
    if (!fd) return error_from_errno(errno, temporary);
    for (const std::string_view part : parts) {
      DAGFS_TRY_CONTEXT(write_all(fd.get(), as_bytes(part)), temporary);
    }
    if (for_machine && ::fsync(fd.get()) != 0) {
      return error_from_errno(errno, temporary);
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return error_from_errno(errno, path);
  }
  return for_machine ? sync_folder(folder) : ok_status();
}

Status replace_file(const std::string& folder, std::string_view name,
                    std::string_view content, Durability durability) {
  return replace_file(folder, name, std::span(&content, 1), durability);
}

DurableFile::DurableFile(std::string folder, std::string_view name)
    : folder_(std::move(folder)), name_(name) {}

Result<DurableFile> DurableFile::create(const std::string& folder,
                                        std::string_view name) {
  DurableFile file(folder, name);
  const std::string path = file.path(temporary_name(name));
  file.fd_ = UniqueFd(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
  if (!file.fd_) return error_from_errno(errno, path);
  return file;
}

DurableFile::~DurableFile() {
  if (fd_) ::unlink(path(temporary_name(name_)).c_str());
}

std::string DurableFile::path(std::string_view name) const {
  return folder_ + '/' + std::string(name);
}

Result<std::shared_ptr<const RandomAccessFile>> DurableFile::reopen() const {
  std::shared_ptr<const RandomAccessFile> file =
      DAGFS_TRY(PosixFile::open(path(temporary_name(name_))));
  return file;
}

Status DurableFile::commit() && {
  kill_point("file.written");
  if (::fsync(fd_.get()) != 0) return error_from_errno(errno, path(name_));
  kill_point("file.synced");
  if (::rename(path(temporary_name(name_)).c_str(), path(name_).c_str()) != 0) {
    return error_from_errno(errno, path(name_));
  }
  fd_.reset();
  kill_point("file.renamed");
  DAGFS_TRY(sync_folder(folder_));
  kill_point("file.folder_synced");
  return ok_status();
}

Status write_durably(const std::string& folder, std::string_view name,
                     std::string_view content) {
  DurableFile file = DAGFS_TRY(DurableFile::create(folder, name));
  while (!content.empty()) {
    const ssize_t count = ::write(file.fd(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_from_errno(errno, folder);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return std::move(file).commit();
}

}  // namespace dagfs::dagstore
