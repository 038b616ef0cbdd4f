// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/listed_directory.h"

namespace dagfs::fs {

Status ListedDirectoryHandle::read(std::uint64_t cookie, DirectorySink* sink) {
  for (std::uint64_t i = cookie; i < entries_.size(); ++i) {
    const DirectoryEntry& entry = entries_[i];
    if (!sink->add(entry.name, entry.inode, entry.type, i + 1)) break;
  }
  return ok_status();
}

Result<Attributes> FixedDirectoryNode::attributes() const {
  Attributes attributes{.type = NodeType::kDirectory,
                        .permissions = 0555,
                        .links = 2,
                        .mtime = mtime_,
                        .inode = inode_};
  for (const Child& child : children_) {
    const Attributes of_child = DAGFS_TRY(child.node->attributes());
    if (of_child.type == NodeType::kDirectory) ++attributes.links;
  }
  return attributes;
}

Result<NodePtr> FixedDirectoryNode::lookup(std::string_view name) const {
  for (const Child& child : children_) {
    if (child.name == name) return child.node;
  }
  return NodePtr();
}

Result<std::unique_ptr<DirectoryHandle>> FixedDirectoryNode::open_directory()
    const {
  std::vector<DirectoryEntry> entries;
  for (const Child& child : children_) {
    const Attributes of_child = DAGFS_TRY(child.node->attributes());
    entries.push_back({child.name, of_child.inode, of_child.type});
  }
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<ListedDirectoryHandle>(std::move(entries)));
}

}  // namespace dagfs::fs
