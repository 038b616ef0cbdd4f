// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/dirent_buffer.h"

#include "fs/fuse/kernel_attributes.h"

namespace dagfs::fs {

DirentBuffer::DirentBuffer(std::size_t capacity, Format format)
    : capacity_(capacity),
      header_size_(format == Format::kDirent ? 0 : sizeof(fuse_entry_out)),
      // Not zeroed: each entry writes all of its bytes.
      buffer_(new std::byte[capacity]) {}

bool DirentBuffer::add_at(std::string_view name, std::uint64_t inode,
                          NodeType type, std::uint64_t next_offset) {
  const std::size_t end =
      size_ + header_size_ + sizeof(fuse_dirent) + name.size();
  const std::size_t aligned_end = FUSE_DIRENT_ALIGN(end);
  if (aligned_end > capacity_) return false;

  std::byte* at = buffer_.get() + size_;
  std::memset(at, 0, header_size_);
  at += header_size_;
  const fuse_dirent dirent = {
      // The kernel leaves entries out whose number is 0.
      .ino = inode == 0 ? 1 : inode,
      .off = next_offset,
      .namelen = static_cast<std::uint32_t>(name.size()),
      .type = type_bits(type) >> 12,
  };
  static_assert(sizeof(dirent) == FUSE_NAME_OFFSET);
  std::memcpy(at, &dirent, sizeof(dirent));
  at += sizeof(dirent);
  if (!name.empty()) std::memcpy(at, name.data(), name.size());
  std::memset(at + name.size(), 0, aligned_end - end);
  size_ = aligned_end;
  return true;
}

}  // namespace dagfs::fs
