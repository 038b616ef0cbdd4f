// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/errno_map.h"

#include <cerrno>

namespace dagfs::fs {

// No default: adding an ErrorCode without deciding its errno must not compile.
int errno_from(const Error& error) {
  switch (error.code()) {
    // A name that is not there is no Error (Node::lookup answers null). What
    // was not found is something below a name that is there, such as a block:
    // ENOENT would have programs take the file for deleted.
    case ErrorCode::kNotFound: return EIO;
    case ErrorCode::kInvalidArgument: return EINVAL;
    case ErrorCode::kCorrupt: return EIO;
    case ErrorCode::kUnsupported: return EOPNOTSUPP;
    // Not EAGAIN: programs take that for a promise to poll.
    case ErrorCode::kUnavailable: return EIO;
    // Upon this Linux walks the path again by itself, past its caches.
    case ErrorCode::kStale: return ESTALE;
    case ErrorCode::kExhausted: return ENOMEM;
    // A writer can do something about that; other numbers may be about files
    // that it never named. Who knows better says kRefused.
    case ErrorCode::kIo: return error.os_error() == EFBIG ? EFBIG : EIO;
    case ErrorCode::kNoSpace:
      return error.os_error() > 0 ? error.os_error() : ENOSPC;
    case ErrorCode::kRefused:
      // 0 would be success.
      return error.os_error() > 0 ? error.os_error() : EIO;
  }
  return EIO;
}

}  // namespace dagfs::fs
