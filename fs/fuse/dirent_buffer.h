// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <linux/fuse.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "car/base/bytes.h"
#include "fs/node.h"

namespace dagfs::fs {

// Directory entries as the kernel wants them. An own encoder, as libfuse's
// measures each name and takes a whole struct stat: it costs more than the
// rest.
class DirentBuffer final : public DirectorySink {
 public:
  enum class Format : std::uint8_t {
    kDirent,
    kDirentPlus,  // With room for attributes, at first empty.
  };

  // The kernel's offsets of "." and ".."; those of the entries of a directory
  // follow them.
  static constexpr std::uint64_t kOffsetAfterDot = 1;
  static constexpr std::uint64_t kOffsetAfterDotDot = 2;

  DirentBuffer(std::size_t capacity, Format format);

  // Where reading goes on for an offset the kernel sent back, and the cookie
  // for it.
  static std::uint64_t cookie_at(std::uint64_t offset) {
    return offset <= kOffsetAfterDotDot ? 0 : offset - kOffsetAfterDotDot;
  }

  bool add(std::string_view name, std::uint64_t inode, NodeType type,
           std::uint64_t next_cookie) override {
    return add_at(name, inode, type, next_cookie + kOffsetAfterDotDot);
  }
  // The same for an offset as the kernel will send it back.
  bool add_at(std::string_view name, std::uint64_t inode, NodeType type,
              std::uint64_t next_offset);

  ByteView bytes() const { return {buffer_.get(), size_}; }
  bool is_empty() const { return size_ == 0; }

  // An entry of a kDirentPlus buffer, in the buffer.
  struct Plus {
    std::byte* attributes;  // Of a fuse_entry_out, not aligned.
    std::string_view name;
  };
  // Calls `visit(Plus)` for each entry until it answers false.
  template <typename Visit>
  void visit_plus(Visit visit);

 private:
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t header_size_;  // Of what precedes each fuse_dirent.
  std::unique_ptr<std::byte[]> buffer_;
};

template <typename Visit>
void DirentBuffer::visit_plus(Visit visit) {
  for (std::size_t at = 0; at < size_;) {
    std::byte* entry = buffer_.get() + at;
    fuse_dirent dirent = {};
    std::memcpy(&dirent, entry + header_size_, sizeof(dirent));
    const auto* name = entry + header_size_ + sizeof(dirent);
    if (!visit(Plus{entry,
                    {reinterpret_cast<const char*>(name), dirent.namelen}})) {
      return;
    }
    at += FUSE_DIRENT_ALIGN(header_size_ + sizeof(dirent) + dirent.namelen);
  }
}

}  // namespace dagfs::fs
