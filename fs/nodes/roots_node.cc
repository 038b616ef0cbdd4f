// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/roots_node.h"

#include <utility>

#include "fs/nodes/dag_node.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/listed_directory.h"
#include "fs/nodes/name_escape.h"
#include "fs/nodes/shard_node.h"

namespace dagfs::fs {
namespace {

// An identity CID may be too long for a name.
std::string shown(const car::Cid& root) { return show_name(root.to_string()); }

bool names(std::string_view name, const Result<car::Cid>& parsed,
           const car::Cid& root) {
  if (parsed.ok()) return *parsed == root;
  return may_be_shortened(name) && shown(root) == name;
}

}  // namespace

Result<Attributes> RootsNode::attributes() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  // Which roots are directories is not known before they are looked at.
  return Attributes{.type = NodeType::kDirectory,
                    .permissions = 0555,
                    .links = 1,
                    .mtime = to_timespec(known.registered_at),
                    .inode = inode()};
}

Result<NodePtr> RootsNode::lookup(std::string_view name) const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  const Result<car::Cid> parsed = car::Cid::parse(name);
  for (const car::Cid& root : lease->header().roots) {
    if (!names(name, parsed, root)) continue;
    const std::string text = root.to_string();
    const std::string canonical = show_name(text);
    DagPlace place{.shard = shard(), .inode = inode_of(inode(), canonical)};
    if (canonical != text) place.raw_name = text;
    return make_dag_node(std::move(place), root, *lease);
  }
  return NodePtr();
}

Result<std::unique_ptr<DirectoryHandle>> RootsNode::open_directory() const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  std::vector<DirectoryEntry> entries;
  for (const car::Cid& root : distinct_roots(*lease)) {
    const std::string name = shown(root);
    entries.push_back({name, inode_of(inode(), name), type_hint(root.codec())});
  }
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<ListedDirectoryHandle>(std::move(entries)));
}

RootLinkNode::RootLinkNode(ShardPtr shard, std::uint64_t name_inode,
                           const car::Cid& root)
    : ShardMemberNode(std::move(shard), inode_of(name_inode, shown(root))),
      target_("roots/" + shown(root)) {}

Result<Attributes> RootLinkNode::attributes() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  return Attributes{.type = NodeType::kSymlink,
                    .permissions = 0777,
                    .size = target_.size(),
                    .mtime = to_timespec(known.registered_at),
                    .inode = inode()};
}

}  // namespace dagfs::fs
