// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/request_header.h"

namespace dagfs::fs {

RequestKind kind_of(std::uint32_t opcode) {
  switch (opcode) {
    case FUSE_LOOKUP: return RequestKind::kLookup;
    case FUSE_GETATTR: return RequestKind::kAttributes;
    case FUSE_READLINK: return RequestKind::kReadLink;
    case FUSE_OPEN: return RequestKind::kOpen;
    case FUSE_READ: return RequestKind::kRead;
    case FUSE_OPENDIR: return RequestKind::kOpenDirectory;
    case FUSE_READDIR:
    case FUSE_READDIRPLUS: return RequestKind::kReadDirectory;
    case FUSE_GETXATTR:
    case FUSE_LISTXATTR: return RequestKind::kExtendedAttribute;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET: return RequestKind::kForget;
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR: return RequestKind::kRelease;
    case FUSE_SETATTR:
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_UNLINK:
    case FUSE_RMDIR:
    case FUSE_SYMLINK:
    case FUSE_RENAME:
    case FUSE_RENAME2:
    case FUSE_LINK:
    case FUSE_CREATE:
    case FUSE_WRITE:
    case FUSE_FALLOCATE:
    case FUSE_SETXATTR:
    case FUSE_REMOVEXATTR:
    case FUSE_COPY_FILE_RANGE: return RequestKind::kWrite;
    default: return RequestKind::kOther;
  }
}

bool may_wait_for_itself(const fuse_in_header& header) {
  // Whether the mount works is often asked of the root's attributes.
  if (header.opcode == FUSE_GETATTR) return header.nodeid != FUSE_ROOT_ID;
  switch (kind_of(header.opcode)) {
    case RequestKind::kLookup:
    case RequestKind::kReadLink:
    case RequestKind::kOpen:
    case RequestKind::kRead:
    case RequestKind::kOpenDirectory:
    case RequestKind::kReadDirectory:
    case RequestKind::kExtendedAttribute:
    case RequestKind::kWrite: return true;
    default: return false;
  }
}

}  // namespace dagfs::fs
