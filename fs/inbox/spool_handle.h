// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "car/base/mutex.h"
#include "car/base/unique_fd.h"
#include "fs/inbox/spool_node.h"

namespace dagfs::fs {

// What is open in a spool, as its observer counts it.
class SpoolUse {
 public:
  explicit SpoolUse(const SpoolTree& tree);
  SpoolUse(const SpoolUse&) = delete;
  SpoolUse& operator=(const SpoolUse&) = delete;
  ~SpoolUse();

 private:
  const std::shared_ptr<SpoolObserver> observer_;
};

// An open file of a spool.
class SpoolFileHandle final : public FileHandle {
 public:
  SpoolFileHandle(std::shared_ptr<SpoolTree> tree, UniqueFd fd)
      : tree_(std::move(tree)), use_(*tree_), fd_(std::move(fd)) {}

  Status read(ByteRange range, ReadBuffers* buffers) override;
  bool direct_io() const override { return true; }
  Result<std::size_t> write(std::uint64_t offset, WrittenBytes bytes,
                            const std::stop_token& given_up) override;
  Status flush() override;
  Status sync(SyncDepth depth) override;
  Status truncate(std::uint64_t size) override;
  Status allocate(ByteRange range, int flags) override;

 private:
  // What was written before is not there, says the system only now.
  Error lost(int error_number, std::string_view what) const;

  const std::shared_ptr<SpoolTree> tree_;
  const SpoolUse use_;
  const UniqueFd fd_;  // Closed before the observer is told.
};

// An open directory of a spool.
class SpoolDirectoryHandle final : public DirectoryHandle {
 public:
  // `fd` is open for reading. kRefused.
  static Result<std::unique_ptr<DirectoryHandle>> open(
      std::shared_ptr<SpoolTree> tree, UniqueFd fd);
  ~SpoolDirectoryHandle() override;

  Status read(std::uint64_t cookie, DirectorySink* sink) override;
  Status sync() override;

 private:
  SpoolDirectoryHandle(std::shared_ptr<SpoolTree> tree, DIR* directory)
      : tree_(std::move(tree)), use_(*tree_), directory_(directory) {}

  // Where reading goes on after `count` entries.
  void seek(std::uint64_t count) DAGFS_REQUIRES(mutex_);

  const std::shared_ptr<SpoolTree> tree_;
  const SpoolUse use_;

  // Held while entries are read: they come from where the last ones ended.
  Mutex mutex_;
  DIR* directory_ DAGFS_GUARDED_BY(mutex_);
  // Where reading goes on after one entry, two entries and so on. A cookie is a
  // count of entries: the disk's own numbers may be larger than cookies can be.
  std::vector<long> positions_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
