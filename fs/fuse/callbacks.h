// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <fuse_lowlevel.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fs/fuse/dirent_buffer.h"
#include "fs/fuse/reply.h"
#include "fs/fuse/session_core.h"

namespace dagfs::fs {

// Bytes of one read and one write request at most: what the kernel does
// without a sysctl, and measured to be the best size.
inline constexpr unsigned kReadSizeMax = 1 << 20;

// What the kernel asks, in our types: each libfuse operation is the member
// function of the same name. What may wait queues in its node's lane, with
// copies of its arguments; nothing else here waits.
class Callbacks {
 public:
  explicit Callbacks(SessionCore& core) : core_(core) {}

  void lookup(FuseReply reply, fuse_ino_t parent, const char* name);
  void getattr(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);
  void readlink(FuseReply reply, fuse_ino_t inode);
  void getxattr(FuseReply reply, fuse_ino_t inode, const char* name,
                std::size_t size);
  void listxattr(FuseReply reply, fuse_ino_t inode, std::size_t size);
  void statfs(FuseReply reply, fuse_ino_t inode);

  void open(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);
  void read(FuseReply reply, fuse_ino_t inode, std::size_t size, off_t offset,
            fuse_file_info* file);
  void flush(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);
  void release(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);

  void opendir(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);
  void readdir(FuseReply reply, fuse_ino_t inode, std::size_t size,
               off_t offset, fuse_file_info* file);
  void readdirplus(FuseReply reply, fuse_ino_t inode, std::size_t size,
                   off_t offset, fuse_file_info* file);
  void releasedir(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);

 private:
  // A node that has been found, for the kernel to know from now on.
  struct Finding {
    NodeId parent;
    NodePtr directory;
    std::string name;
    NodePtr node;
  };

  void answer_absent(FuseReply reply, const Node& directory);
  void answer_found(FuseReply reply, const Finding& finding);
  // Counts a look-up of what was found, which answer_found() or a listing then
  // tells the kernel. Fails where its attributes cannot be had.
  Result<fuse_entry_param> remember(const Finding& finding);

  void finish_open(FuseReply reply, NodeId inode, const Node& node);
  void close_file(std::uint64_t number);
  void read_and_confirm(FuseReply reply, OpenFile& file, ByteRange range);
  bool send(FuseReply reply, ReadBuffers buffers);

  enum class Listing : std::uint8_t { kNames, kAttributesToo };
  void list(FuseReply reply, std::uint64_t number, ByteRange range,
            Listing listing);
  void list_now(FuseReply reply, const OpenDirectory& directory,
                ByteRange range, Listing listing);
  // Looks up what `buffer` lists and puts it beside the names; what has been
  // counted as known to the kernel by that.
  std::vector<NodeId> add_attributes(const OpenDirectory& directory,
                                     DirentBuffer& buffer);

  SessionCore& core_;
};

// The table that hands libfuse's operations to Callbacks. Their user data has
// to be a SessionCore.
const fuse_lowlevel_ops& kernel_operations();

}  // namespace dagfs::fs
