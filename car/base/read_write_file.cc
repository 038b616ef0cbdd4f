// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/read_write_file.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dagfs {
namespace {

// What one system call writes. Callers have three parts; more take more calls.
constexpr std::size_t kPartsMax = 8;

Result<struct stat> status_of(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) return error_from_errno(errno, "fstat");
  return status;
}

}  // namespace

Status ReadWriteFile::read_at(std::uint64_t offset,
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

Result<std::unique_ptr<PosixReadWriteFile>> PosixReadWriteFile::adopt(
    UniqueFd fd) {
  const struct stat status = DAGFS_TRY(status_of(fd.get()));
  if (!S_ISREG(status.st_mode)) {
    return Error(ErrorCode::kInvalidArgument, "descriptor: not a regular file");
  }
  return std::unique_ptr<PosixReadWriteFile>(
      new PosixReadWriteFile(std::move(fd)));
}

Result<std::uint64_t> PosixReadWriteFile::size() const {
  const struct stat status = DAGFS_TRY(status_of(fd_.get()));
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> PosixReadWriteFile::read_some_at(
    std::uint64_t offset, std::span<std::byte> out) const {
  while (true) {
    const ssize_t count =
        ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) {
      return error_from_errno(errno, fmt::format("read at {}", offset));
    }
  }
}

Status PosixReadWriteFile::write_at(std::uint64_t offset,
                                    std::span<const ByteView> parts) {
  std::array<struct iovec, kPartsMax> vectors = {};
  std::size_t skipped = 0;  // Bytes of the first part that are written.
  while (!parts.empty()) {
    if (skipped == parts.front().size()) {
      parts = parts.subspan(1);
      skipped = 0;
      continue;
    }
    const std::size_t count = std::min(parts.size(), kPartsMax);
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView part = i == 0 ? parts[0].subspan(skipped) : parts[i];
      // The interface of readv too, hence no const; writing changes nothing.
      vectors[i] = {.iov_base = const_cast<std::byte*>(part.data()),
                    .iov_len = part.size()};
    }
    const ssize_t written =
        ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count),
                  static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return error_from_errno(errno, fmt::format("write at {}", offset));
    }
    offset += static_cast<std::uint64_t>(written);
    skipped += static_cast<std::size_t>(written);
    while (!parts.empty() && skipped >= parts.front().size()) {
      skipped -= parts.front().size();
      parts = parts.subspan(1);
    }
  }
  return ok_status();
}

Status PosixReadWriteFile::resize(std::uint64_t size) {
  while (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) {
      return error_from_errno(errno, fmt::format("resize to {}", size));
    }
  }
  return ok_status();
}

// The size is among what fdatasync makes durable; times are not needed.
Status PosixReadWriteFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return error_from_errno(errno, "sync");
  return ok_status();
}

Result<std::size_t> ReadWriteFileView::read_some_at(
    std::uint64_t offset, std::span<std::byte> out) const {
  if (offset >= size_) return std::size_t{0};
  const std::size_t wanted =
      std::min<std::uint64_t>(out.size(), size_ - offset);
  return file_.read_some_at(offset, out.first(wanted));
}

}  // namespace dagfs
