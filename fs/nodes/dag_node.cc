// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/dag_node.h"

#include <utility>

#include "car/ipld/dag_pb.h"
#include "car/unixfs/file_layout.h"
#include "fs/nodes/attribute_names.h"
#include "fs/nodes/content_fault.h"
#include "fs/nodes/content_file_node.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/ipld_directory_node.h"
#include "fs/nodes/symlink_node.h"
#include "fs/nodes/unixfs_directory_node.h"
#include "fs/nodes/unreadable_node.h"

namespace dagfs::fs {
namespace {

Result<NodePtr> unreadable(DagPlace place, const car::Cid& cid,
                           const dagstore::OpenShard& shard, Error error) {
  if (!is_settled(error.code())) return error;
  DAGFS_TRY(confirm_fault(shard));
  return NodePtr(std::make_shared<UnreadableNode>(std::move(place), cid,
                                                  std::move(error)));
}

Result<NodePtr> make_opaque(DagPlace place, const car::Cid& cid,
                            const dagstore::OpenShard& shard) {
  if (cid.is_identity()) {
    return make_block_file(std::move(place), cid,
                           cid.multihash().digest.size());
  }
  auto location = shard.blocks().locate(cid);
  if (!location.ok()) {
    return unreadable(std::move(place), cid, shard,
                      std::move(location).error());
  }
  return make_block_file(std::move(place), cid, location->size);
}

Result<NodePtr> make_unixfs_file(DagPlace place, const car::Cid& cid,
                                 const dagstore::OpenShard& shard,
                                 const car::UnixfsNode& node) {
  Attributes attributes = attributes_of(node, NodeType::kFile);
  ContentFileNode::Content content{.root = cid};
  const auto layout = car::FileLayout::open(shard.blocks(), cid);
  if (layout.ok()) {
    attributes.size = (*layout)->size();
  } else if (is_settled(layout.error().code())) {
    DAGFS_TRY(confirm_fault(shard));
    content.error = layout.error().message();
  } else {
    return layout.error();
  }
  return NodePtr(std::make_shared<ContentFileNode>(
      std::move(place), cid, attributes, std::move(content)));
}

Result<NodePtr> make_unixfs(DagPlace place, const car::Cid& cid,
                            const dagstore::OpenShard& shard,
                            const car::UnixfsNode& node) {
  const Attributes as_directory = attributes_of(node, NodeType::kDirectory);
  switch (node.type) {
    case car::UnixfsType::kRaw:
    case car::UnixfsType::kFile:
      return make_unixfs_file(std::move(place), cid, shard, node);
    case car::UnixfsType::kDirectory:
      return NodePtr(std::make_shared<UnixfsDirectoryNode>(
          std::move(place), cid, as_directory, DirectoryKind::kPlain));
    case car::UnixfsType::kHamtShard:
      return NodePtr(std::make_shared<UnixfsDirectoryNode>(
          std::move(place), cid, as_directory, DirectoryKind::kSharded));
    case car::UnixfsType::kSymlink:
      return NodePtr(
          std::make_shared<SymlinkNode>(std::move(place), cid, node));
    // Says a MIME type of a file elsewhere; nothing shows it but its bytes.
    case car::UnixfsType::kMetadata: break;
  }
  return make_opaque(std::move(place), cid, shard);
}

Result<NodePtr> make_dag_pb(DagPlace place, const car::Cid& cid,
                            const dagstore::OpenShard& shard) {
  auto block = shard.blocks().get(cid);
  if (!block.ok()) {
    return unreadable(std::move(place), cid, shard, std::move(block).error());
  }
  const std::uint64_t size = (*block)->size();
  const auto node = car::DagPbNode::decode(std::move(block).value());
  if (!node.ok()) {
    return make_block_file(std::move(place), cid, size, node.error().message());
  }
  if (node->data()) {
    const auto unixfs = car::parse_unixfs_node(*node->data());
    if (unixfs.ok()) return make_unixfs(std::move(place), cid, shard, *unixfs);
  }
  return make_ipld_node(std::move(place), cid, shard);
}

}  // namespace

DagNode::DagNode(DagPlace place, car::Cid cid, Attributes attributes)
    : place_(std::move(place)), cid_(std::move(cid)), attributes_([&] {
        attributes.inode = place_.inode;
        return attributes;
      }()) {}

std::vector<std::string> DagNode::attribute_names() const {
  std::vector<std::string> names;
  if (!cid_.empty()) names.emplace_back(kCidAttribute);
  names.emplace_back(kShardAttribute);
  if (place_.raw_name) names.emplace_back(kRawNameAttribute);
  if (!known_error().empty()) names.emplace_back(kErrorAttribute);
  return names;
}

Result<std::optional<std::string>> DagNode::attribute(
    std::string_view name) const {
  using Answer = std::optional<std::string>;
  if (name == kCidAttribute || name == kPlainCidAttribute) {
    return cid_.empty() ? Answer() : Answer(cid_.to_string());
  }
  if (name == kShardAttribute) return Answer(shard()->key.text());
  if (name == kRawNameAttribute) return place_.raw_name;
  if (name != kErrorAttribute) return Answer();
  std::string error = DAGFS_TRY(find_error());
  return error.empty() ? Answer() : Answer(std::move(error));
}

DagPlace DagNode::child_place(std::string_view shown,
                              std::string_view raw_name) const {
  DagPlace child{.shard = shard(), .inode = inode_of(inode(), shown)};
  if (shown != raw_name) child.raw_name = raw_name;
  return child;
}

Result<NodePtr> make_dag_node(DagPlace place, const car::Cid& cid,
                              const dagstore::OpenShard& shard) {
  switch (cid.codec()) {
    case car::Codec::kDagPb: return make_dag_pb(std::move(place), cid, shard);
    case car::Codec::kDagCbor:
    case car::Codec::kDagJson:
      return make_ipld_node(std::move(place), cid, shard);
    default: return make_opaque(std::move(place), cid, shard);
  }
}

NodeType type_hint(car::Codec codec) {
  switch (codec) {
    case car::Codec::kDagPb:
    case car::Codec::kDagCbor:
    case car::Codec::kDagJson: return NodeType::kUnknown;
    default: return NodeType::kFile;
  }
}

Attributes attributes_of(const car::UnixfsNode& node, NodeType type) {
  Attributes attributes{.type = type};
  switch (type) {
    case NodeType::kDirectory: attributes.permissions = 0555; break;
    case NodeType::kSymlink: attributes.permissions = 0777; break;
    case NodeType::kFile:
    case NodeType::kUnknown: attributes.permissions = 0444; break;
  }
  if (node.mode) attributes.permissions = *node.mode & 07777;
  if (!node.mtime) return attributes;
  attributes.mtime.tv_sec = node.mtime->seconds;
  // Written as they were given: a second or more is no fraction of one.
  const std::uint32_t nanoseconds = node.mtime->nanoseconds.value_or(0);
  if (nanoseconds < 1'000'000'000) attributes.mtime.tv_nsec = nanoseconds;
  return attributes;
}

}  // namespace dagfs::fs
