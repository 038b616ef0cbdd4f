// SPDX-License-Identifier: Apache-2.0 OR MIT

// Callbacks for open directories.

#include <linux/fuse.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "fs/fuse/callbacks.h"

namespace dagfs::fs {
namespace {

// The kernel asks for attributes with the first names of every listing, wanted
// or not. Where they take longer than this, it gets the rest when it needs it.
constexpr std::chrono::milliseconds kAttributesTimeMax{10};

fuse_entry_out to_entry_out(const fuse_entry_param& entry) {
  // Whole seconds: timeout_of() has no others.
  fuse_entry_out out = {};
  out.nodeid = entry.ino;
  out.entry_valid = static_cast<std::uint64_t>(entry.entry_timeout);
  out.attr_valid = static_cast<std::uint64_t>(entry.attr_timeout);
  out.attr.ino = entry.attr.st_ino;
  out.attr.size = static_cast<std::uint64_t>(entry.attr.st_size);
  out.attr.blocks = static_cast<std::uint64_t>(entry.attr.st_blocks);
  out.attr.atime = static_cast<std::uint64_t>(entry.attr.st_atim.tv_sec);
  out.attr.mtime = static_cast<std::uint64_t>(entry.attr.st_mtim.tv_sec);
  out.attr.ctime = static_cast<std::uint64_t>(entry.attr.st_ctim.tv_sec);
  out.attr.atimensec = static_cast<std::uint32_t>(entry.attr.st_atim.tv_nsec);
  out.attr.mtimensec = static_cast<std::uint32_t>(entry.attr.st_mtim.tv_nsec);
  out.attr.ctimensec = static_cast<std::uint32_t>(entry.attr.st_ctim.tv_nsec);
  out.attr.mode = entry.attr.st_mode;
  out.attr.nlink = static_cast<std::uint32_t>(entry.attr.st_nlink);
  out.attr.uid = entry.attr.st_uid;
  out.attr.gid = entry.attr.st_gid;
  out.attr.blksize = static_cast<std::uint32_t>(entry.attr.st_blksize);
  return out;
}

// Whether attributes of `node` are waited for in another lane than the one in
// which the directory is read.
bool waits_elsewhere(const OpenDirectory& directory, const Node& node) {
  return node.attributes_may_wait() && node.lane() != directory.node->lane();
}

}  // namespace

void Callbacks::opendir(FuseReply reply, fuse_ino_t inode,
                        fuse_file_info* /*file*/) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  core_.run_in(node->lane(), std::move(reply),
               [core = &core_, node, inode](FuseReply answer) {
                 auto opened = node->open_directory();
                 if (!opened.ok()) {
                   return core->fail(std::move(answer), "opendir",
                                     opened.error());
                 }
                 auto directory = std::make_shared<OpenDirectory>();
                 directory->inode = NodeId{inode};
                 directory->node = node;
                 directory->handle = std::move(opened).value();

                 fuse_file_info file = {};
                 file.fh = core->directories.add(std::move(directory));
                 // The second listing then comes from the kernel's page cache.
                 const bool is_forever = node->caching() == Caching::kForever;
                 file.cache_readdir = is_forever;
                 file.keep_cache = is_forever;
                 if (!std::move(answer).open(file))
                   core->directories.remove(file.fh);
               });
}

void Callbacks::readdir(FuseReply reply, fuse_ino_t /*inode*/, std::size_t size,
                        off_t offset, fuse_file_info* file) {
  list(std::move(reply), file->fh,
       {.offset = static_cast<std::uint64_t>(offset), .size = size},
       Listing::kNames);
}

void Callbacks::readdirplus(FuseReply reply, fuse_ino_t /*inode*/,
                            std::size_t size, off_t offset,
                            fuse_file_info* file) {
  list(std::move(reply), file->fh,
       {.offset = static_cast<std::uint64_t>(offset), .size = size},
       Listing::kAttributesToo);
}

void Callbacks::list(FuseReply reply, std::uint64_t number, ByteRange range,
                     Listing listing) {
  const auto directory = core_.directories.find(number);
  if (directory == nullptr) return std::move(reply).error(EBADF);

  core_.run_in(directory->node->lane(), std::move(reply),
               [core = &core_, directory, range, listing](FuseReply answer) {
                 Callbacks(*core).list_now(std::move(answer), *directory, range,
                                           listing);
               });
}

void Callbacks::list_now(FuseReply reply, const OpenDirectory& directory,
                         ByteRange range, Listing listing) {
  const bool with_attributes = listing == Listing::kAttributesToo;
  DirentBuffer buffer(std::min<std::size_t>(range.size, kReadSizeMax),
                      with_attributes ? DirentBuffer::Format::kDirentPlus
                                      : DirentBuffer::Format::kDirent);
  if (range.offset < DirentBuffer::kOffsetAfterDotDot) {
    const auto self = core_.inodes.find_entry(directory.inode);
    if (range.offset < DirentBuffer::kOffsetAfterDot) {
      buffer.add_at(".", self.inode, NodeType::kDirectory,
                    DirentBuffer::kOffsetAfterDot);
    }
    buffer.add_at("..", self.parent_inode, NodeType::kDirectory,
                  DirentBuffer::kOffsetAfterDotDot);
  }
  const Status status =
      directory.handle->read(DirentBuffer::cookie_at(range.offset), &buffer);
  // What was read before the error goes out first; the next call meets the
  // error again.
  if (!status.ok() && buffer.is_empty()) {
    return core_.fail(std::move(reply), "readdir", status.error());
  }

  std::vector<NodeId> remembered;
  if (with_attributes) remembered = add_attributes(directory, buffer);
  if (!std::move(reply).bytes(buffer.bytes())) {
    for (const NodeId id : remembered) core_.inodes.forget(id, 1);
  }
}

std::vector<NodeId> Callbacks::add_attributes(const OpenDirectory& directory,
                                              DirentBuffer& buffer) {
  const auto deadline = std::chrono::steady_clock::now() + kAttributesTimeMax;
  std::vector<NodeId> remembered;
  buffer.visit_plus([&](const DirentBuffer::Plus& plus) {
    if (plus.name == "." || plus.name == "..") return true;

    // Without attributes an entry is a name like any other: whoever wants them
    // asks for them, and is then told what the matter is.
    auto node = directory.node->lookup(plus.name);
    if (node.ok() && *node != nullptr && !waits_elsewhere(directory, **node)) {
      const auto entry = remember({.parent = directory.inode,
                                   .directory = directory.node,
                                   .name = std::string(plus.name),
                                   .node = std::move(node).value()});
      if (entry.ok()) {
        const fuse_entry_out out = to_entry_out(*entry);
        std::memcpy(plus.attributes, &out, sizeof(out));
        remembered.push_back(NodeId{entry->ino});
      }
    }
    return std::chrono::steady_clock::now() < deadline;
  });
  return remembered;
}

void Callbacks::fsyncdir(FuseReply reply, fuse_ino_t /*inode*/,
                         int /*data_only*/, fuse_file_info* file) {
  const auto directory = core_.directories.find(file->fh);
  if (directory == nullptr) return std::move(reply).error(EBADF);

  core_.run_in(directory->node->lane(), std::move(reply),
               [core = &core_, directory](FuseReply answer) {
                 const Status synced = directory->handle->sync();
                 if (!synced.ok()) {
                   return core->fail(std::move(answer), "fsync a directory",
                                     synced.error());
                 }
                 std::move(answer).done();
               });
}

void Callbacks::releasedir(FuseReply reply, fuse_ino_t /*inode*/,
                           fuse_file_info* file) {
  auto closed = core_.directories.remove(file->fh);
  if (closed == nullptr || closed->node->writable() == nullptr) {
    return std::move(reply).done();
  }
  const auto lane = closed->node->lane();
  core_.run_in(lane, std::move(reply),
               [closed = std::move(closed)](FuseReply answer) mutable {
                 closed.reset();
                 std::move(answer).done();
               });
}

}  // namespace dagfs::fs
