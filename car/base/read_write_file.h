// SPDX-License-Identifier: Apache-2.0 OR MIT

// A file that is being written: the door through which writers see the system,
// so that tests can fill the disk, break it, or pull the plug.

#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs {

// Safe for use from many threads at once, as far as they touch different bytes.
class ReadWriteFile {
 public:
  ReadWriteFile() = default;
  ReadWriteFile(const ReadWriteFile&) = delete;
  ReadWriteFile& operator=(const ReadWriteFile&) = delete;
  virtual ~ReadWriteFile() = default;

  // Bytes, now. kIo.
  virtual Result<std::uint64_t> size() const = 0;

  // As RandomAccessFile::read_some_at, with the size as it is now.
  virtual Result<std::size_t> read_some_at(std::uint64_t offset,
                                           std::span<std::byte> out) const = 0;

  // Writes all of `parts`, one behind the other, from `offset` on. After an
  // error any of these bytes may have been written or not. kNoSpace, kIo.
  virtual Status write_at(std::uint64_t offset,
                          std::span<const ByteView> parts) = 0;

  // Cuts the file, or lengthens it with zeros. kNoSpace, kIo.
  virtual Status resize(std::uint64_t size) = 0;

  // Returns once all that was written is durable. After an error nothing is
  // known about any write since the last success. kNoSpace, kIo.
  virtual Status sync() = 0;

  // The descriptor behind it, owned by this object; -1 where there is none.
  virtual int plain_fd() const { return -1; }

  // Fills `out` from `offset`. kCorrupt: the file ends before that. Else as
  // read_some_at.
  Status read_at(std::uint64_t offset, std::span<std::byte> out) const;

  // write_at with one part.
  Status write_at(std::uint64_t offset, ByteView bytes) {
    return write_at(offset, std::span(&bytes, 1));
  }
};

// A regular file, open for reading and writing.
class PosixReadWriteFile final : public ReadWriteFile {
 public:
  // Takes over a descriptor that was opened with O_RDWR and without O_APPEND.
  // kInvalidArgument: not a regular file. kIo.
  static Result<std::unique_ptr<PosixReadWriteFile>> adopt(UniqueFd fd);

  Result<std::uint64_t> size() const override;
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override;
  using ReadWriteFile::write_at;
  Status write_at(std::uint64_t offset,
                  std::span<const ByteView> parts) override;
  Status resize(std::uint64_t size) override;
  Status sync() override;
  int plain_fd() const override { return fd_.get(); }

 private:
  explicit PosixReadWriteFile(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// The first `size` bytes of a file that is not written meanwhile, for readers
// of formats. `file` must outlive it.
class ReadWriteFileView final : public RandomAccessFile {
 public:
  ReadWriteFileView(const ReadWriteFile& file, std::uint64_t size)
      : file_(file), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override;
  // Knows no time: whoever needs to notice other writers keeps none of these.
  Result<FileStamp> stamp() const override { return FileStamp{.size = size_}; }

 private:
  const ReadWriteFile& file_;
  std::uint64_t size_;
};

}  // namespace dagfs
