// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/text_handle.h"

#include "fs/nodes/byte_range.h"

namespace dagfs::fs {

Status TextHandle::read(ByteRange range, ReadBuffers* buffers) {
  range = clamp(range, text_->size());
  if (range.size == 0) return ok_status();
  // An iovec cannot be const, though whoever writes from it does not write.
  char* start = const_cast<char*>(text_->data()) + range.offset;  // NOLINT
  buffers->pieces.push_back({.iov_base = start, .iov_len = range.size});
  buffers->owners.push_back(text_);
  return ok_status();
}

}  // namespace dagfs::fs
