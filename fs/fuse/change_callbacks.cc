// SPDX-License-Identifier: Apache-2.0 OR MIT

// Callbacks that change names and attributes.

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "fs/fuse/callbacks.h"
#include "fs/fuse/kernel_attributes.h"

namespace dagfs::fs {
namespace {

constexpr mode_t kPermissionBits = 07777;

AttributeChange attribute_change(const struct stat& wanted, int which) {
  AttributeChange change;
  if ((which & FUSE_SET_ATTR_MODE) != 0) {
    change.permissions = wanted.st_mode & kPermissionBits;
  }
  if ((which & FUSE_SET_ATTR_UID) != 0) change.uid = wanted.st_uid;
  if ((which & FUSE_SET_ATTR_GID) != 0) change.gid = wanted.st_gid;
  if ((which & FUSE_SET_ATTR_SIZE) != 0) {
    change.size = static_cast<std::uint64_t>(wanted.st_size);
  }
  // UTIME_OMIT does not get here: the kernel leaves the time out.
  const timespec now = {.tv_sec = 0, .tv_nsec = UTIME_NOW};
  if ((which & FUSE_SET_ATTR_ATIME_NOW) != 0) {
    change.atime = now;
  } else if ((which & FUSE_SET_ATTR_ATIME) != 0) {
    change.atime = wanted.st_atim;
  }
  if ((which & FUSE_SET_ATTR_MTIME_NOW) != 0) {
    change.mtime = now;
  } else if ((which & FUSE_SET_ATTR_MTIME) != 0) {
    change.mtime = wanted.st_mtim;
  }
  return change;
}

std::optional<RenameMode> rename_mode(unsigned flags) {
  switch (flags) {
    case 0: return RenameMode::kReplace;
    case RENAME_NOREPLACE: return RenameMode::kNoReplace;
    case RENAME_EXCHANGE: return RenameMode::kExchange;
    default: return std::nullopt;
  }
}

NewEntry new_entry(const FuseReply& reply, std::string_view name, mode_t mode) {
  return {.name = name,
          .permissions = mode & kPermissionBits,
          .uid = reply.caller().uid,
          .gid = reply.caller().gid};
}

}  // namespace

void Callbacks::setattr(FuseReply reply, fuse_ino_t inode, struct stat* wanted,
                        int which, fuse_file_info* file) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);
  if (node->writable() == nullptr) return std::move(reply).error(EROFS);

  core_.change_in(
      node->lane(), std::move(reply),
      [core = &core_, node, change = attribute_change(*wanted, which),
       opened = file == nullptr ? nullptr : core_.files.find(file->fh)](
          FuseReply answer, const std::stop_token& /*given_up*/) {
        Callbacks(*core).set_attributes(std::move(answer), *node, opened.get(),
                                        change);
      });
}

void Callbacks::set_attributes(FuseReply reply, const Node& node,
                               OpenFile* file, AttributeChange change) {
  // Whoever may write to what is open may cut it, whatever its name says now.
  if (file != nullptr && change.size) {
    const Status cut = file->handle->truncate(*change.size);
    if (!cut.ok()) {
      return core_.fail(std::move(reply), "truncate", cut.error());
    }
    change.size.reset();
  }
  const auto attributes = node.writable()->change(change);
  if (!attributes.ok()) {
    return core_.fail(std::move(reply), "setattr", attributes.error());
  }
  std::move(reply).attributes(to_stat(*attributes, core_.options),
                              timeout_of(node.attribute_caching()));
}

void Callbacks::setxattr(FuseReply reply, fuse_ino_t inode, const char* name,
                         const char* value, std::size_t size, int flags) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);
  if (node->writable() == nullptr) return std::move(reply).error(EROFS);

  AttributeMode mode = AttributeMode::kSet;
  if (flags == XATTR_CREATE) mode = AttributeMode::kCreate;
  if (flags == XATTR_REPLACE) mode = AttributeMode::kReplace;
  core_.change_in(node->lane(), std::move(reply),
                  [core = &core_, node, mode, asked = std::string(name),
                   wanted = std::string(value, size)](
                      FuseReply answer, const std::stop_token& /*given_up*/) {
                    const Status set =
                        node->writable()->set_attribute(asked, wanted, mode);
                    if (!set.ok()) {
                      return core->fail(std::move(answer), "setxattr " + asked,
                                        set.error());
                    }
                    std::move(answer).done();
                  });
}

void Callbacks::removexattr(FuseReply reply, fuse_ino_t inode,
                            const char* name) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);
  if (node->writable() == nullptr) return std::move(reply).error(EROFS);

  core_.change_in(
      node->lane(), std::move(reply),
      [core = &core_, node, asked = std::string(name)](
          FuseReply answer, const std::stop_token& /*given_up*/) {
        const Status removed = node->writable()->remove_attribute(asked);
        if (!removed.ok()) {
          return core->fail(std::move(answer), "removexattr " + asked,
                            removed.error());
        }
        std::move(answer).done();
      });
}

template <typename Body>
void Callbacks::change_name(FuseReply reply, fuse_ino_t parent,
                            const char* name, Body body) {
  Finding finding{.parent = NodeId{parent},
                  .directory = core_.inodes.find(NodeId{parent}),
                  .name = name,
                  .node = nullptr};
  if (finding.directory == nullptr) return std::move(reply).error(ESTALE);
  if (finding.directory->writable() == nullptr) {
    return std::move(reply).error(EROFS);
  }
  if (finding.name.size() > kEntryNameSizeMax) {
    return std::move(reply).error(ENAMETOOLONG);
  }
  const auto lane = finding.directory->lane();
  core_.change_in(
      lane, std::move(reply),
      [finding = std::move(finding), body = std::move(body)](
          FuseReply answer, const std::stop_token& /*given_up*/) mutable {
        body(finding, *finding.directory->writable(), std::move(answer));
      });
}

void Callbacks::answer_made(FuseReply reply, Finding& finding,
                            Result<NodePtr> made) {
  if (!made.ok()) {
    return core_.fail(std::move(reply), "make " + finding.name, made.error());
  }
  finding.node = std::move(made).value();
  const auto entry = remember(finding);
  if (!entry.ok()) {
    return core_.fail(std::move(reply), "make " + finding.name, entry.error());
  }
  if (!std::move(reply).entry(*entry)) {
    core_.inodes.forget(NodeId{entry->ino}, 1);
  }
}

void Callbacks::create(FuseReply reply, fuse_ino_t parent, const char* name,
                       mode_t mode, fuse_file_info* file) {
  const OpenRequest request = open_request(file->flags);
  const IfExists if_exists =
      (file->flags & O_EXCL) != 0 ? IfExists::kFail : IfExists::kOpen;
  change_name(std::move(reply), parent, name,
              [core = &core_, mode, request, if_exists](
                  Finding& finding, const WritableNode&, FuseReply answer) {
                Callbacks(*core).create_now(std::move(answer), finding, mode,
                                            request, if_exists);
              });
}

void Callbacks::create_now(FuseReply reply, Finding& finding, mode_t mode,
                           OpenRequest request, IfExists if_exists) {
  auto created = finding.directory->writable()->create_file(
      new_entry(reply, finding.name, mode), request, if_exists);
  if (!created.ok()) {
    return core_.fail(std::move(reply), "create " + finding.name,
                      created.error());
  }
  finding.node = std::move(created->node);
  const auto entry = remember(finding);
  if (!entry.ok()) {
    return core_.fail(std::move(reply), "create " + finding.name,
                      entry.error());
  }
  const NodeId inode{entry->ino};
  const Registered file = register_file(
      inode, *finding.node, std::move(created->handle), request.access);
  if (!std::move(reply).created(*entry, file.answer)) {
    close_file(file.answer.fh);
    core_.inodes.forget(inode, 1);
  }
}

void Callbacks::mknod(FuseReply reply, fuse_ino_t parent, const char* name,
                      mode_t mode, dev_t /*device*/) {
  change_name(
      std::move(reply), parent, name,
      [core = &core_, mode](Finding& finding, const WritableNode& directory,
                            FuseReply answer) {
        // What mknod(2) says of file systems that have no such things.
        if (!S_ISREG(mode)) return std::move(answer).error(EPERM);
        auto created =
            directory.create_file(new_entry(answer, finding.name, mode),
                                  {.access = Access::kWrite}, IfExists::kFail);
        auto made = created.ok() ? Result<NodePtr>(std::move(created->node))
                                 : Result<NodePtr>(std::move(created).error());
        Callbacks(*core).answer_made(std::move(answer), finding,
                                     std::move(made));
      });
}

void Callbacks::mkdir(FuseReply reply, fuse_ino_t parent, const char* name,
                      mode_t mode) {
  change_name(
      std::move(reply), parent, name,
      [core = &core_, mode](Finding& finding, const WritableNode& directory,
                            FuseReply answer) {
        auto made =
            directory.create_directory(new_entry(answer, finding.name, mode));
        Callbacks(*core).answer_made(std::move(answer), finding,
                                     std::move(made));
      });
}

void Callbacks::symlink(FuseReply reply, const char* target, fuse_ino_t parent,
                        const char* name) {
  change_name(
      std::move(reply), parent, name,
      [core = &core_, to = std::string(target)](
          Finding& finding, const WritableNode& directory, FuseReply answer) {
        auto made =
            directory.create_symlink(new_entry(answer, finding.name, 0777), to);
        Callbacks(*core).answer_made(std::move(answer), finding,
                                     std::move(made));
      });
}

void Callbacks::link(FuseReply reply, fuse_ino_t /*inode*/,
                     fuse_ino_t new_parent, const char* new_name) {
  change_name(std::move(reply), new_parent, new_name,
              [](Finding&, const WritableNode&, FuseReply answer) {
                // What link(2) says of file systems without hard links.
                std::move(answer).error(EPERM);
              });
}

void Callbacks::unlink(FuseReply reply, fuse_ino_t parent, const char* name) {
  change_name(std::move(reply), parent, name,
              [core = &core_](Finding& finding, const WritableNode& directory,
                              FuseReply answer) {
                const Status removed = directory.remove_file(finding.name);
                if (!removed.ok()) {
                  return core->fail(std::move(answer), "unlink " + finding.name,
                                    removed.error());
                }
                core->inodes.drop_name({finding.parent, finding.name});
                std::move(answer).done();
              });
}

void Callbacks::rmdir(FuseReply reply, fuse_ino_t parent, const char* name) {
  change_name(std::move(reply), parent, name,
              [core = &core_](Finding& finding, const WritableNode& directory,
                              FuseReply answer) {
                const Status removed = directory.remove_directory(finding.name);
                if (!removed.ok()) {
                  return core->fail(std::move(answer), "rmdir " + finding.name,
                                    removed.error());
                }
                core->inodes.drop_name({finding.parent, finding.name});
                std::move(answer).done();
              });
}

void Callbacks::rename(FuseReply reply, fuse_ino_t parent, const char* name,
                       fuse_ino_t new_parent, const char* new_name,
                       unsigned flags) {
  const auto mode = rename_mode(flags);
  if (!mode) return std::move(reply).error(EINVAL);
  const NodePtr target = core_.inodes.find(NodeId{new_parent});
  if (target == nullptr) return std::move(reply).error(ESTALE);
  if (target->writable() == nullptr) return std::move(reply).error(EROFS);
  if (std::string_view(new_name).size() > kEntryNameSizeMax) {
    return std::move(reply).error(ENAMETOOLONG);
  }
  change_name(
      std::move(reply), parent, name,
      [core = &core_, mode = *mode, target, to = NodeId{new_parent},
       to_name = std::string(new_name)](
          Finding& finding, const WritableNode& directory, FuseReply answer) {
        const Status renamed =
            directory.rename({.name = finding.name,
                              .new_directory = *target->writable(),
                              .new_name = to_name,
                              .mode = mode});
        if (!renamed.ok()) {
          return core->fail(std::move(answer), "rename " + finding.name,
                            renamed.error());
        }
        const InodeTable::Place from{finding.parent, finding.name};
        if (mode == RenameMode::kExchange) {
          core->inodes.exchange(from, {to, to_name});
        } else {
          core->inodes.rename(from, {to, to_name});
        }
        std::move(answer).done();
      });
}

}  // namespace dagfs::fs
