// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/shard_node.h"

#include <array>
#include <unordered_set>
#include <utility>

#include "fs/nodes/blocks_node.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/raw_file_node.h"
#include "fs/nodes/roots_node.h"
#include "fs/nodes/segments_node.h"
#include "fs/nodes/shard_json_node.h"

namespace dagfs::fs {
namespace {

constexpr std::string_view kPiece = "piece.car";
constexpr std::string_view kWholePiece = "piece.bin";
constexpr std::string_view kIndex = "index.idx";
constexpr std::string_view kDescription = "shard.json";
constexpr std::string_view kRoot = "root";
constexpr std::string_view kRoots = "roots";
constexpr std::string_view kBlocks = "blocks";
constexpr std::string_view kSegments = "segments";

// In the order of listings.
constexpr std::array kNames = {kPiece, kWholePiece, kIndex,  kDescription,
                               kRoot,  kRoots,      kBlocks, kSegments};

}  // namespace

Result<Attributes> ShardNode::attributes() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  return Attributes{.type = NodeType::kDirectory,
                    .permissions = 0555,
                    .links = 4,  // ".", its name, and ".." of roots and blocks.
                    .mtime = to_timespec(known.registered_at),
                    .inode = inode()};
}

Result<NodePtr> ShardNode::lookup(std::string_view name) const {
  if (name == kPiece) return PieceNode::find(shard(), child_inode(name));
  if (name == kWholePiece) {
    return WholePieceNode::find(shard(), child_inode(name));
  }
  if (name == kSegments) {
    return SegmentsNode::find(shard(), child_inode(name));
  }
  if (name == kDescription) {
    return NodePtr(std::make_shared<ShardJsonNode>(shard(), child_inode(name)));
  }
  const bool inside =
      name == kIndex || name == kRoot || name == kRoots || name == kBlocks;
  if (!inside) return NodePtr();
  return look_inside(name);
}

Result<NodePtr> ShardNode::look_inside(std::string_view name) const {
  const std::uint64_t child = child_inode(name);
  auto lease = shard()->acquire();
  if (!lease.ok() && lease.error().code() == ErrorCode::kNotFound) {
    return Error(ErrorCode::kStale, lease.error().message());
  }
  // These two are there whatever happens, and say why nothing is inside.
  if (name == kRoots) {
    return NodePtr(std::make_shared<RootsNode>(shard(), child));
  }
  if (name == kBlocks) {
    return NodePtr(std::make_shared<BlocksNode>(shard(), child));
  }
  if (!lease.ok()) return std::move(lease).error();
  if (name == kIndex) return IndexNode::find(shard(), child, **lease);
  const std::vector<car::Cid> roots = distinct_roots(**lease);
  if (roots.size() != 1) return NodePtr();
  // The kernel keeps a link's target as long as its inode: a piece with another
  // root has another one.
  return NodePtr(std::make_shared<RootLinkNode>(
      shard(), inode_of(child, roots.front().to_string()), roots.front()));
}

Result<std::unique_ptr<DirectoryHandle>> ShardNode::open_directory() const {
  std::vector<DirectoryEntry> entries;
  for (const std::string_view name : kNames) {
    const auto child = lookup(name);
    // Of a shard that cannot be opened some are not to be had, and the others
    // are shown without them.
    if (!child.ok() && child.error().code() != ErrorCode::kStale) continue;
    const NodePtr node = DAGFS_TRY(child);
    if (!node) continue;
    const Attributes of_child = DAGFS_TRY(node->attributes());
    entries.push_back({std::string(name), of_child.inode, of_child.type});
  }
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<ListedDirectoryHandle>(std::move(entries)));
}

std::uint64_t ShardNode::child_inode(std::string_view name) const {
  return inode_of(inode(), name);
}

std::vector<car::Cid> distinct_roots(const dagstore::OpenShard& shard) {
  std::vector<car::Cid> roots;
  std::unordered_set<car::Cid, car::CidHash> seen;
  for (const car::Cid& root : shard.header().roots) {
    if (seen.insert(root).second) roots.push_back(root);
  }
  return roots;
}

}  // namespace dagfs::fs
