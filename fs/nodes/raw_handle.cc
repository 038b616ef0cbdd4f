// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/raw_handle.h"

#include <fmt/format.h>

#include "fs/nodes/byte_range.h"

namespace dagfs::fs {

Status RawHandle::read(ByteRange range, ReadBuffers* buffers) {
  range = clamp(range, stamp_.size);
  if (range.size == 0) return ok_status();
  DAGFS_TRY(confirm());
  if (auto mapped = mapping()) {
    buffers->pieces.push_back(mapped->at(range));
    buffers->owners.push_back(std::move(mapped));
    return ok_status();
  }
  return append_copy(*file_, range, buffers);
}

Status RawHandle::confirm() {
  const FileStamp now = DAGFS_TRY(file_->stamp());
  if (now == stamp_) return ok_status();
  return Error(ErrorCode::kUnavailable, "the file was written to while open");
}

std::shared_ptr<const FileMapping> RawHandle::mapping() {
  const MutexLock lock(mutex_);
  if (!tried_to_map_) {
    tried_to_map_ = true;
    // A file that grew is refused by confirm(); one that is shorter than it
    // was must not be asked for what it had.
    if (file_->size() >= stamp_.size) mapping_ = FileMapping::map(*file_);
  }
  return mapping_;
}

Status append_copy(const RandomAccessFile& file, ByteRange range,
                   ReadBuffers* buffers) {
  auto bytes = std::make_shared_for_overwrite<std::byte[]>(range.size);
  DAGFS_TRY(file.read_at(range.offset, {bytes.get(), range.size}));
  buffers->pieces.push_back({.iov_base = bytes.get(), .iov_len = range.size});
  buffers->owners.push_back(std::move(bytes));
  return ok_status();
}

}  // namespace dagfs::fs
