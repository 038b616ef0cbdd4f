// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/file_slice.h"

#include <algorithm>

namespace dagfs {

Result<std::size_t> FileSlice::read_some_at(std::uint64_t offset,
                                            std::span<std::byte> out) const {
  if (offset >= range_.size) return std::size_t{0};
  const std::size_t wanted =
      std::min<std::uint64_t>(out.size(), range_.size - offset);
  return file_->read_some_at(range_.offset + offset, out.first(wanted));
}

Result<FileStamp> FileSlice::stamp() const {
  FileStamp stamp = DAGFS_TRY(file_->stamp());
  stamp.size = range_.size;
  return stamp;
}

}  // namespace dagfs
