// SPDX-License-Identifier: Apache-2.0 OR MIT

// Bytes that can be read at any offset: the one door through which formats
// see files, pieces and test data.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs {

// What tells one content of a file from another without reading it. Two equal
// stamps of a path mean that nobody replaced or wrote the file in between, as
// far as the file system keeps time (Linux since 6.13 gives each change
// after a stat a time of its own).
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;  // Since the epoch.
  std::uint64_t inode = 0;
  std::uint64_t device = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Safe for use from many threads at once; an open one never changes size.
class RandomAccessFile {
 public:
  RandomAccessFile() = default;
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;
  virtual ~RandomAccessFile() = default;

  // Bytes, as found when it was opened.
  virtual std::uint64_t size() const = 0;

  // Reads at most out.size() bytes from `offset`; fewer only at the end of the
  // file (zero past it). kIo, or kUnavailable where a source has gone away.
  virtual Result<std::size_t> read_some_at(std::uint64_t offset,
                                           std::span<std::byte> out) const = 0;

  // Says that all of `range` will be read soon, though not in its order: a
  // disk may fetch it at once. Does not wait.
  virtual void expect_reads(ByteRange /*range*/) const {}

  // A descriptor whose byte N is this file's byte N, for handing ranges to
  // the kernel without copying them here; -1 where the bytes lie otherwise.
  // Owned by this object.
  virtual int plain_fd() const { return -1; }

  // The stamp as it is now; differs from the first one when somebody wrote to
  // the file. Sources that cannot change answer a constant.
  virtual Result<FileStamp> stamp() const = 0;

  // Fills `out` from `offset`. kCorrupt: the file ends before that, and the
  // message says where. Else as read_some_at.
  Status read_at(std::uint64_t offset, std::span<std::byte> out) const;
};

// A regular file opened for reading only.
class PosixFile final : public RandomAccessFile {
 public:
  // kNotFound: no such file. kInvalidArgument: not a regular file (never waits
  // for a fifo's writer). kIo: anything else the system says.
  static Result<std::unique_ptr<PosixFile>> open(const std::string& path);

  // Takes over a descriptor of a regular file that is open for reading.
  // kInvalidArgument, kIo: as open().
  static Result<std::unique_ptr<PosixFile>> adopt(UniqueFd fd);

  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override;
  void expect_reads(ByteRange range) const override;
  int plain_fd() const override { return fd_.get(); }
  Result<FileStamp> stamp() const override;

 private:
  static Result<std::unique_ptr<PosixFile>> adopt_named(
      UniqueFd fd, const std::string& name);

  PosixFile(UniqueFd fd, std::uint64_t size)
      : fd_(std::move(fd)), size_(size) {}

  UniqueFd fd_;
  std::uint64_t size_;
};

// Bytes in memory, for tests and for what is too small for a file.
class MemoryFile final : public RandomAccessFile {
 public:
  explicit MemoryFile(Bytes bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override;
  Result<FileStamp> stamp() const override {
    return FileStamp{.size = bytes_.size()};
  }

 private:
  Bytes bytes_;
};

// An empty file without a name, open for reading and writing, that is gone
// when it is closed. kIo.
Result<UniqueFd> create_temporary_file();

// Writes all of `bytes` at the descriptor's offset. kNoSpace, kIo.
Status write_all(int fd, ByteView bytes);

// The stamp of the regular file at `path` now, links followed, without opening
// it. kNotFound; kInvalidArgument: not a regular file; kIo.
Result<FileStamp> stamp_of_path(const std::string& path);

}  // namespace dagfs
