// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/request_counters.h"

namespace dagfs::fs {

std::string_view to_string(RequestKind kind) {
  switch (kind) {
    case RequestKind::kLookup: return "lookup";
    case RequestKind::kAttributes: return "getattr";
    case RequestKind::kReadLink: return "readlink";
    case RequestKind::kOpen: return "open";
    case RequestKind::kRead: return "read";
    case RequestKind::kOpenDirectory: return "opendir";
    case RequestKind::kReadDirectory: return "readdir";
    case RequestKind::kExtendedAttribute: return "getxattr";
    case RequestKind::kForget: return "forget";
    case RequestKind::kRelease: return "release";
    case RequestKind::kWrite: return "write";
    case RequestKind::kOther: return "other";
  }
  return "other";
}

}  // namespace dagfs::fs
