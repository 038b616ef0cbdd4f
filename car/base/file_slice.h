// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cassert>
#include <memory>
#include <utility>

#include "car/base/file.h"

namespace dagfs {

// A stretch of another file, as a file.
class FileSlice final : public RandomAccessFile {
 public:
  // Asserts that `range` is inside the file.
  FileSlice(std::shared_ptr<const RandomAccessFile> file, ByteRange range)
      : file_(std::move(file)), range_(range) {
    assert(range.offset <= file_->size() &&
           range.size <= file_->size() - range.offset);
  }

  std::uint64_t size() const override { return range_.size; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override;
  // The file's, with the size of the slice.
  Result<FileStamp> stamp() const override;

 private:
  const std::shared_ptr<const RandomAccessFile> file_;
  const ByteRange range_;
};

}  // namespace dagfs
