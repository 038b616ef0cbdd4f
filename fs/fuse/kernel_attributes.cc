// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/kernel_attributes.h"

namespace dagfs::fs {
namespace {

// Longer than any mount; the kernel adds it to its clock, so not infinite.
constexpr double kForeverSeconds = 365.0 * 24 * 60 * 60;

// What programs that ask take as the size of their reads. Larger ones were
// measured to be slower, as they fall out of the processor's cache.
constexpr blksize_t kFileBlockSize = 128 << 10;

constexpr unsigned long kUsageBlockSize = 4096;

// What POSIX calls a block in st_blocks.
constexpr std::uint64_t kStatBlockSize = 512;

}  // namespace

mode_t type_bits(NodeType type) {
  switch (type) {
    case NodeType::kDirectory: return S_IFDIR;
    case NodeType::kSymlink: return S_IFLNK;
    case NodeType::kFile: return S_IFREG;
    case NodeType::kUnknown: return 0;
  }
  return 0;
}

struct stat to_stat(const Attributes& attributes,
                    const SessionOptions& options) {
  struct stat out = {};
  out.st_ino = attributes.inode;
  out.st_mode = type_bits(attributes.type) | (attributes.permissions & 07777);
  out.st_nlink = attributes.links;
  out.st_uid = attributes.uid.value_or(options.uid);
  out.st_gid = attributes.gid.value_or(options.gid);
  out.st_size = static_cast<off_t>(attributes.size);
  const std::uint64_t allocated =
      attributes.allocated.value_or(attributes.size);
  out.st_blocks = static_cast<blkcnt_t>(allocated / kStatBlockSize +
                                        (allocated % kStatBlockSize != 0));
  out.st_blksize = kFileBlockSize;
  // What is only read does not know when it was looked at or how it came about.
  out.st_mtim = attributes.mtime;
  out.st_ctim = attributes.ctime.value_or(attributes.mtime);
  out.st_atim = attributes.atime.value_or(attributes.mtime);
  return out;
}

struct statvfs to_statvfs(const Usage& usage) {
  struct statvfs out = {};
  out.f_bsize = kUsageBlockSize;
  out.f_frsize = kUsageBlockSize;
  out.f_blocks = usage.bytes / kUsageBlockSize;
  out.f_bfree = usage.bytes_free / kUsageBlockSize;
  out.f_bavail = out.f_bfree;
  out.f_files = usage.files;
  out.f_namemax = 255;
  return out;
}

double timeout_of(Caching caching) {
  switch (caching) {
    case Caching::kForever: return kForeverSeconds;
    case Caching::kShort: return 1;
    case Caching::kNever: return 0;
  }
  return 0;
}

}  // namespace dagfs::fs
