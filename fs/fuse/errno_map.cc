// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/errno_map.h"

#include <cerrno>

namespace dagfs::fs {

// No default: adding an ErrorCode without deciding its errno must not compile.
int errno_from(ErrorCode code) {
  switch (code) {
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
    case ErrorCode::kIo: return EIO;
    case ErrorCode::kNoSpace: return ENOSPC;
  }
  return EIO;
}

}  // namespace dagfs::fs
