// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inbox/spool_handle.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace dagfs::fs {
namespace {

// A read is never larger; the kernel asks for a megabyte at most.
constexpr std::size_t kSpoolReadSizeMax = 1 << 20;

NodeType type_of_entry(unsigned char type) {
  switch (type) {
    case DT_DIR: return NodeType::kDirectory;
    case DT_REG: return NodeType::kFile;
    case DT_LNK: return NodeType::kSymlink;
    default: return NodeType::kUnknown;
  }
}

}  // namespace

SpoolUse::SpoolUse(const SpoolTree& tree)
    : observer_(tree.options.observer.lock()) {
  if (observer_ != nullptr) observer_->opened();
}

SpoolUse::~SpoolUse() {
  if (observer_ != nullptr) observer_->closed();
}

Status SpoolFileHandle::read(ByteRange range, ReadBuffers* buffers) {
  const std::size_t wanted =
      std::min(static_cast<std::size_t>(range.size), kSpoolReadSizeMax);
  const auto bytes = std::make_shared_for_overwrite<std::byte[]>(wanted);
  std::size_t filled = 0;
  while (filled < wanted) {
    const ssize_t size =
        ::pread(fd_.get(), bytes.get() + filled, wanted - filled,
                static_cast<off_t>(range.offset + filled));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return refusal(errno, "read a spooled file");
    if (size == 0) break;
    filled += static_cast<std::size_t>(size);
  }
  if (filled == 0) return ok_status();
  buffers->pieces.push_back({.iov_base = bytes.get(), .iov_len = filled});
  buffers->owners.push_back(bytes);
  return ok_status();
}

Result<std::size_t> SpoolFileHandle::write(
    std::uint64_t offset, WrittenBytes bytes,
    const std::stop_token& /*given_up*/) {
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  ByteView left = bytes.bytes;
  while (!left.empty()) {
    const std::size_t done = bytes.bytes.size() - left.size();
    const ssize_t size = ::pwrite(fd_.get(), left.data(), left.size(),
                                  static_cast<off_t>(offset + done));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      // The next write will meet it again, and say so.
      if (done > 0) return done;
      return change.refused(errno, "write a spooled file");
    }
    left = left.subspan(static_cast<std::size_t>(size));
  }
  return bytes.bytes.size();
}

Status SpoolFileHandle::flush() {
  // Some file systems, NFS among them, say at close() only what went wrong.
  const int copy = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return refusal(errno, "duplicate a descriptor");
  if (::close(copy) == 0 || errno == EINTR) return ok_status();
  return lost(errno, "close a spooled file");
}

Error SpoolFileHandle::lost(int error_number, std::string_view what) const {
  Error error = refusal(error_number, what);
  if (auto observer = tree_->options.observer.lock()) observer->lost(error);
  return error;
}

Status SpoolFileHandle::sync(SyncDepth depth) {
  const int result =
      depth == SyncDepth::kData ? ::fdatasync(fd_.get()) : ::fsync(fd_.get());
  if (result == 0) return ok_status();
  return lost(errno, "sync a spooled file");
}

Status SpoolFileHandle::truncate(std::uint64_t size) {
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0) {
    return ok_status();
  }
  return change.refused(errno, "truncate a spooled file");
}

Status SpoolFileHandle::allocate(ByteRange range, int flags) {
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  if (::fallocate(fd_.get(), flags, static_cast<off_t>(range.offset),
                  static_cast<off_t>(range.size)) == 0) {
    return ok_status();
  }
  return refusal(errno, "allocate in a spooled file");
}

Result<std::unique_ptr<DirectoryHandle>> SpoolDirectoryHandle::open(
    std::shared_ptr<SpoolTree> tree, UniqueFd fd) {
  DIR* directory = ::fdopendir(fd.get());
  if (directory == nullptr) return refusal(errno, "list a spooled directory");
  // It owns the descriptor now.
  fd.release();
  return std::unique_ptr<DirectoryHandle>(
      new SpoolDirectoryHandle(std::move(tree), directory));
}

SpoolDirectoryHandle::~SpoolDirectoryHandle() { ::closedir(directory_); }

void SpoolDirectoryHandle::seek(std::uint64_t count) {
  if (count == 0) {
    ::rewinddir(directory_);
  } else {
    ::seekdir(directory_, positions_[count - 1]);
  }
  positions_.resize(count);
}

Status SpoolDirectoryHandle::read(std::uint64_t cookie, DirectorySink* sink) {
  const MutexLock lock(mutex_);
  if (cookie > positions_.size()) {
    return refusal(EINVAL, "list from a place that was never told");
  }
  // From the start always anew: entries may have come since.
  if (cookie == 0 || cookie != positions_.size()) seek(cookie);
  for (;;) {
    errno = 0;
    // The only user of this stream is here.
    const dirent* entry =
        ::readdir(directory_);  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) {
      if (errno == 0) return ok_status();
      return refusal(errno, "list a spooled directory");
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (!sink->add(name, tree_->shown_inode(entry->d_ino),
                   type_of_entry(entry->d_type), positions_.size() + 1)) {
      seek(positions_.size());
      return ok_status();
    }
    positions_.push_back(entry->d_off);
  }
}

Status SpoolDirectoryHandle::sync() {
  int fd = -1;
  {
    const MutexLock lock(mutex_);
    fd = ::dirfd(directory_);
  }
  if (::fsync(fd) == 0) return ok_status();
  return refusal(errno, "sync a spooled directory");
}

}  // namespace dagfs::fs
