// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/disk_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "car/base/unique_fd.h"

namespace dagfs::dagstore {
namespace {

// Less than this is of no use.
constexpr std::uint64_t kReserveSizeMin = std::uint64_t{64} << 10;

std::string reserve_path(const std::string& repo) { return repo + "/reserve"; }

}  // namespace

void keep_disk_reserve(const std::string& repo) {
  const UniqueFd fd(
      ::open(reserve_path(repo).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return;
  for (std::uint64_t size = kDiskReserveSize; size >= kReserveSizeMin;
       size /= 2) {
    if (static_cast<std::uint64_t>(status.st_size) >= size ||
        ::fallocate(fd.get(), 0, 0, static_cast<off_t>(size)) == 0) {
      return;
    }
  }
}

bool release_disk_reserve(const std::string& repo) {
  return ::unlink(reserve_path(repo).c_str()) == 0;
}

Status check_free_space(const std::string& folder, std::uint64_t size) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) {
    return error_from_errno(errno, folder);
  }
  if (disk.f_bavail >= (size + disk.f_frsize - 1) / disk.f_frsize) {
    return ok_status();
  }
  return error_from_errno(ENOSPC, folder);
}

}  // namespace dagfs::dagstore
