// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <fuse_lowlevel.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fs/fuse/dirent_buffer.h"
#include "fs/fuse/reply.h"
#include "fs/fuse/session_core.h"
#include "fs/writable_node.h"

namespace dagfs::fs {

// Bytes of one read and one write request at most: what the kernel does
// without a sysctl, and measured to be the best size.
inline constexpr unsigned kReadSizeMax = 1 << 20;

inline constexpr std::size_t kEntryNameSizeMax = 255;

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

  void write(FuseReply reply, fuse_ino_t inode, const char* bytes,
             std::size_t size, off_t offset, fuse_file_info* file);
  void fsync(FuseReply reply, fuse_ino_t inode, int data_only,
             fuse_file_info* file);
  void fallocate(FuseReply reply, fuse_ino_t inode, int flags, off_t offset,
                 off_t size, fuse_file_info* file);

  void setattr(FuseReply reply, fuse_ino_t inode, struct stat* wanted,
               int which, fuse_file_info* file);
  void setxattr(FuseReply reply, fuse_ino_t inode, const char* name,
                const char* value, std::size_t size, int flags);
  void removexattr(FuseReply reply, fuse_ino_t inode, const char* name);

  void create(FuseReply reply, fuse_ino_t parent, const char* name, mode_t mode,
              fuse_file_info* file);
  void mknod(FuseReply reply, fuse_ino_t parent, const char* name, mode_t mode,
             dev_t device);
  void mkdir(FuseReply reply, fuse_ino_t parent, const char* name, mode_t mode);
  void symlink(FuseReply reply, const char* target, fuse_ino_t parent,
               const char* name);
  void unlink(FuseReply reply, fuse_ino_t parent, const char* name);
  void rmdir(FuseReply reply, fuse_ino_t parent, const char* name);
  void rename(FuseReply reply, fuse_ino_t parent, const char* name,
              fuse_ino_t new_parent, const char* new_name, unsigned flags);
  void link(FuseReply reply, fuse_ino_t inode, fuse_ino_t new_parent,
            const char* new_name);

  void opendir(FuseReply reply, fuse_ino_t inode, fuse_file_info* file);
  void readdir(FuseReply reply, fuse_ino_t inode, std::size_t size,
               off_t offset, fuse_file_info* file);
  void readdirplus(FuseReply reply, fuse_ino_t inode, std::size_t size,
                   off_t offset, fuse_file_info* file);
  void fsyncdir(FuseReply reply, fuse_ino_t inode, int data_only,
                fuse_file_info* file);
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

  void finish_open(FuseReply reply, NodeId inode, const Node& node,
                   OpenRequest request);
  // What the kernel is to know of an open file, until close_file().
  struct Registered {
    fuse_file_info answer = {};
    std::optional<std::int32_t> backing;  // For passthrough.
  };
  Registered register_file(NodeId inode, const Node& node,
                           std::unique_ptr<FileHandle> handle, Access access);
  std::shared_ptr<OpenFile> close_file(std::uint64_t number);
  void read_and_confirm(FuseReply reply, OpenFile& file, ByteRange range);
  bool send(FuseReply reply, ReadBuffers buffers);

  // Runs `body(Finding&, const WritableNode& directory, FuseReply)`, which
  // changes what `name` stands for, in the directory's lane. Finding::node is
  // empty.
  template <typename Body>
  void change_name(FuseReply reply, fuse_ino_t parent, const char* name,
                   Body body);
  // Tells the kernel what has been made, or why it has not.
  void answer_made(FuseReply reply, Finding& finding, Result<NodePtr> made);
  // Makes a file that is open, and answers.
  void create_now(FuseReply reply, Finding& finding, mode_t mode,
                  OpenRequest request, IfExists if_exists);
  void set_attributes(FuseReply reply, const Node& node, OpenFile* file,
                      AttributeChange change);

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

// What open(2)'s flags mean to a node.
OpenRequest open_request(int flags);

// The table that hands libfuse's operations to Callbacks. Their user data has
// to be a SessionCore.
const fuse_lowlevel_ops& kernel_operations();

}  // namespace dagfs::fs
