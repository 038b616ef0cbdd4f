// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/errno_map.h"

#include <cerrno>

namespace dagfs::fs {

// No default: adding an ErrorCode without deciding its errno must not compile.
int errno_from(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return ENOENT;
    case ErrorCode::kInvalidArgument: return EINVAL;
    case ErrorCode::kCorrupt: return EIO;
    case ErrorCode::kUnsupported: return EOPNOTSUPP;
    case ErrorCode::kUnavailable: return EAGAIN;
    // The kernel looks the path up anew and tries once more by itself.
    case ErrorCode::kStale: return ESTALE;
    case ErrorCode::kExhausted: return ENOMEM;
    case ErrorCode::kIo: return EIO;
  }
  return EIO;
}

}  // namespace dagfs::fs
