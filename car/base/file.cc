// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace dagfs {
namespace {

FileStamp stamp_from(const struct stat& status) {
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = status.st_mtim.tv_sec * kNanosecondsPerSecond +
                      status.st_mtim.tv_nsec,
          .inode = status.st_ino,
          .device = status.st_dev};
}

Error open_error(int error_number, const std::string& path) {
  Error error = error_from_errno(error_number, path);
  if (error_number != ENOENT && error_number != ENOTDIR) return error;
  return Error(ErrorCode::kNotFound, error.message());
}

Error not_a_file(const std::string& path) {
  return Error(ErrorCode::kInvalidArgument, path + ": not a regular file");
}

}  // namespace

Status RandomAccessFile::read_at(std::uint64_t offset,
                                 std::span<std::byte> out) const {
  while (!out.empty()) {
    const std::size_t count = DAGFS_TRY(read_some_at(offset, out));
    if (count == 0) {
      return Error(
          ErrorCode::kCorrupt,
          fmt::format("file ends at {}, {} bytes short", offset, out.size()));
    }
    offset += count;
    out = out.subspan(count);
  }
  return ok_status();
}

Result<std::unique_ptr<PosixFile>> PosixFile::open(const std::string& path) {
  // O_NONBLOCK: a fifo put where a CAR was expected must not hold us.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return open_error(errno, path);
  return adopt_named(std::move(fd), path);
}

Result<std::unique_ptr<PosixFile>> PosixFile::adopt(UniqueFd fd) {
  return adopt_named(std::move(fd), "descriptor");
}

Result<std::unique_ptr<PosixFile>> PosixFile::adopt_named(
    UniqueFd fd, const std::string& name) {
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return error_from_errno(errno, name);
  if (!S_ISREG(status.st_mode)) return not_a_file(name);
  return std::unique_ptr<PosixFile>(
      new PosixFile(std::move(fd), static_cast<std::uint64_t>(status.st_size)));
}

Result<std::size_t> PosixFile::read_some_at(std::uint64_t offset,
                                            std::span<std::byte> out) const {
  if (offset >= size_) return std::size_t{0};
  const std::size_t wanted =
      std::min<std::uint64_t>(out.size(), size_ - offset);
  while (true) {
    const ssize_t count =
        ::pread(fd_.get(), out.data(), wanted, static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) {
      return error_from_errno(errno, fmt::format("read at {}", offset));
    }
  }
}

void PosixFile::expect_reads(ByteRange range) const {
  // A hint: who then reads finds out what is wrong.
  ::posix_fadvise(fd_.get(), static_cast<off_t>(range.offset),
                  static_cast<off_t>(range.size), POSIX_FADV_WILLNEED);
}

Result<FileStamp> PosixFile::stamp() const {
  struct stat status = {};
  if (::fstat(fd_.get(), &status) != 0) return error_from_errno(errno, "fstat");
  return stamp_from(status);
}

Result<std::size_t> MemoryFile::read_some_at(std::uint64_t offset,
                                             std::span<std::byte> out) const {
  if (offset >= bytes_.size()) return std::size_t{0};
  const ByteView rest = ByteView(bytes_).subspan(offset);
  const std::size_t count = std::min(rest.size(), out.size());
  if (count > 0) std::memcpy(out.data(), rest.data(), count);
  return count;
}

Result<UniqueFd> create_temporary_file() {
  // tmpfile knows how to do this on file systems without O_TMPFILE as well.
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Closer> file(std::tmpfile());
  if (file == nullptr) return error_from_errno(errno, "temporary file");
  UniqueFd fd(::fcntl(::fileno(file.get()), F_DUPFD_CLOEXEC, 0));
  if (!fd) return error_from_errno(errno, "temporary file");
  return fd;
}

Status write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return error_from_errno(errno, "write");
    }
  }
  return ok_status();
}

Result<FileStamp> stamp_of_path(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return open_error(errno, path);
  if (!S_ISREG(status.st_mode)) return not_a_file(path);
  return stamp_from(status);
}

}  // namespace dagfs
