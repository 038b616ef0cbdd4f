// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/callbacks.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "fs/fuse/kernel_attributes.h"

namespace dagfs::fs {
namespace {

// Names that no node has, but the kernel and `ls -l` ask of every file: not
// worth a place in a lane.
bool is_foreign_attribute(std::string_view name) {
  for (const std::string_view prefix : {"security.", "system.", "trusted."}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

// A list or value of extended attributes, or only its size where that is asked.
void answer_attribute(FuseReply reply, std::string_view value,
                      std::size_t size) {
  if (size == 0) {
    std::move(reply).attribute_size(value.size());
  } else if (value.size() > size) {
    std::move(reply).error(ERANGE);
  } else {
    std::move(reply).bytes(as_bytes(value));
  }
}

}  // namespace

void Callbacks::lookup(FuseReply reply, fuse_ino_t parent, const char* name) {
  Finding finding{.parent = NodeId{parent},
                  .directory = core_.inodes.find(NodeId{parent}),
                  .name = name,
                  .node = nullptr};
  if (finding.directory == nullptr) return std::move(reply).error(ESTALE);
  if (finding.name.size() > kEntryNameSizeMax) {
    return std::move(reply).error(ENAMETOOLONG);
  }

  const auto lane = finding.directory->lane();
  core_.run_in(
      lane, std::move(reply),
      [core = &core_, finding = std::move(finding)](FuseReply answer) mutable {
        const std::string request = "look up " + finding.name;
        auto found = finding.directory->lookup(finding.name);
        if (!found.ok()) {
          return core->fail(std::move(answer), request, found.error());
        }
        if (*found == nullptr) {
          return Callbacks(*core).answer_absent(std::move(answer),
                                                *finding.directory);
        }
        finding.node = std::move(found).value();
        Callbacks(*core).answer_found(std::move(answer), finding);
      });
}

void Callbacks::answer_absent(FuseReply reply, const Node& directory) {
  if (directory.caching() != Caching::kForever) {
    return std::move(reply).error(ENOENT);
  }
  // A number of 0 says the same, and for how long it holds.
  fuse_entry_param entry = {};
  entry.entry_timeout = timeout_of(Caching::kForever);
  std::move(reply).entry(entry);
}

void Callbacks::answer_found(FuseReply reply, const Finding& finding) {
  const auto answer = [core = &core_, finding](FuseReply reply_now) {
    const auto entry = Callbacks(*core).remember(finding);
    if (!entry.ok()) {
      return core->fail(std::move(reply_now), "look up " + finding.name,
                        entry.error());
    }
    if (!std::move(reply_now).entry(*entry)) {
      core->inodes.forget(NodeId{entry->ino}, 1);
    }
  };
  // A directory of many lanes, such as that of all shards, is in none itself:
  // what is below waits in its own. From one lane into another nobody goes, as
  // places in both would be held.
  const bool enters_lane = finding.directory->lane() == nullptr &&
                           finding.node->attributes_may_wait();
  core_.run_in(enters_lane ? finding.node->lane() : nullptr, std::move(reply),
               answer);
}

Result<fuse_entry_param> Callbacks::remember(const Finding& finding) {
  const Attributes attributes = DAGFS_TRY(finding.node->attributes());
  const NodeId id =
      core_.inodes.remember({.parent = finding.parent,
                             .name = finding.name,
                             .node = finding.node,
                             .type = attributes.type,
                             .inode = attributes.inode,
                             .generation = attributes.generation});
  fuse_entry_param entry = {};
  entry.ino = static_cast<fuse_ino_t>(id);
  entry.attr = to_stat(attributes, core_.options);
  // The name is the directory's to change, what it stands for is the node's.
  entry.entry_timeout = timeout_of(finding.directory->caching());
  entry.attr_timeout = timeout_of(finding.node->attribute_caching());
  return entry;
}

void Callbacks::getattr(FuseReply reply, fuse_ino_t inode,
                        fuse_file_info* /*file*/) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  const auto lane = node->attributes_may_wait() ? node->lane() : nullptr;
  core_.run_in(lane, std::move(reply), [core = &core_, node](FuseReply answer) {
    const auto attributes = node->attributes();
    if (!attributes.ok()) {
      return core->fail(std::move(answer), "getattr", attributes.error());
    }
    std::move(answer).attributes(to_stat(*attributes, core->options),
                                 timeout_of(node->attribute_caching()));
  });
}

void Callbacks::readlink(FuseReply reply, fuse_ino_t inode) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  core_.run_in(
      node->lane(), std::move(reply), [core = &core_, node](FuseReply answer) {
        const auto target = node->read_link();
        if (!target.ok()) {
          return core->fail(std::move(answer), "readlink", target.error());
        }
        std::move(answer).link_target(*target);
      });
}

void Callbacks::getxattr(FuseReply reply, fuse_ino_t inode, const char* name,
                         std::size_t size) {
  if (is_foreign_attribute(name)) return std::move(reply).error(ENODATA);
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  core_.run_in(
      node->lane(), std::move(reply),
      [core = &core_, node, size, asked = std::string(name)](FuseReply answer) {
        const auto value = node->attribute(asked);
        if (!value.ok()) {
          return core->fail(std::move(answer), "getxattr " + asked,
                            value.error());
        }
        if (!value->has_value()) return std::move(answer).error(ENODATA);
        answer_attribute(std::move(answer), **value, size);
      });
}

void Callbacks::listxattr(FuseReply reply, fuse_ino_t inode, std::size_t size) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  core_.run_in(node->lane(), std::move(reply), [node, size](FuseReply answer) {
    std::string names;
    for (const std::string& name : node->attribute_names()) {
      names.append(name).push_back('\0');
    }
    answer_attribute(std::move(answer), names, size);
  });
}

void Callbacks::statfs(FuseReply reply, fuse_ino_t inode) {
  const Usage usage = core_.options.usage ? core_.options.usage() : Usage{};
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr || node->writable() == nullptr) {
    return std::move(reply).usage(to_statvfs(usage));
  }
  core_.run_in(node->lane(), std::move(reply),
               [core = &core_, node, usage](FuseReply answer) {
                 const auto own = node->writable()->usage();
                 if (!own.ok()) {
                   return core->fail(std::move(answer), "statfs", own.error());
                 }
                 std::move(answer).usage(to_statvfs(own->value_or(usage)));
               });
}

}  // namespace dagfs::fs
