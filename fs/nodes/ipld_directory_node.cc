// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/ipld_directory_node.h"

#include <fmt/format.h>

#include <cassert>
#include <cstddef>

#include "fs/nodes/content_fault.h"
#include "fs/nodes/content_file_node.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/ipld_names.h"
#include "fs/nodes/text_handle.h"
#include "fs/nodes/unreadable_node.h"

namespace dagfs::fs {
namespace {

using car::IpldKind;
using car::IpldNode;
using DecodedPtr = std::shared_ptr<const DecodedNode>;

// Blocks that hold nothing but a link to the next are followed so far: a chain
// of any length can be written, and no real one is longer than two.
constexpr std::size_t kLinkChainMax = 32;

std::size_t entry_count(const IpldNode& value) {
  return value.kind() == IpldKind::kMap ? value.as_map().size()
                                        : value.as_list().size();
}

NodeType type_of(const IpldNode& value) {
  switch (value.kind()) {
    case IpldKind::kMap:
    case IpldKind::kList: return NodeType::kDirectory;
    case IpldKind::kLink: return type_hint(value.as_link().codec());
    default: return NodeType::kFile;
  }
}

// An open directory of a map or list. A cookie is the place of the next entry,
// kNodeJson being the first.
class IpldDirectoryHandle final : public DirectoryHandle {
 public:
  IpldDirectoryHandle(DecodedPtr node, const ValuePath& path,
                      const IpldNode& value, std::uint64_t inode)
      : node_(std::move(node)),
        value_(value),
        names_(*node_, path, value),
        inode_(inode) {}

  Status read(std::uint64_t cookie, DirectorySink* sink) override {
    const std::uint64_t before = names_.has_json() ? 1 : 0;
    if (cookie < before) {
      if (!sink->add(kNodeJson, inode_of(inode_, kNodeJson), NodeType::kFile,
                     1)) {
        return ok_status();
      }
      cookie = 1;
    }
    for (std::uint64_t i = cookie - before; i < entry_count(value_); ++i) {
      if (!add(i, i + before + 1, sink)) break;
    }
    return ok_status();
  }

 private:
  bool add(std::size_t place, std::uint64_t next_cookie, DirectorySink* sink) {
    if (value_.kind() == IpldKind::kList) {
      const std::string name = std::to_string(place);
      return sink->add(name, inode_of(inode_, name),
                       type_of(value_.as_list()[place]), next_cookie);
    }
    const car::IpldEntry& entry = value_.as_map()[place];
    const auto name = names_.show(entry.key);
    if (!name) return true;
    return sink->add(*name, inode_of(inode_, *name), type_of(entry.value),
                     next_cookie);
  }

  const DecodedPtr node_;
  const IpldNode& value_;  // In node_.
  const IpldNames names_;
  const std::uint64_t inode_;
};

Result<DecodedPtr> decoded(const ShardContext& shard,
                           const dagstore::OpenShard& open,
                           const car::Cid& block) {
  auto node = shard.tree->decoded().node(open, block);
  if (!node.ok()) return block_fault(open, block, std::move(node).error());
  return node;
}

NodePtr make_text(DagPlace place, const car::Cid& cid, ValueId value,
                  const DecodedNode& node) {
  const std::uint64_t size = node.json(value.path).size();
  return std::make_shared<IpldTextNode>(std::move(place), cid, std::move(value),
                                        size);
}

// The node of what is no link. `cid` is the block's where the value is all of
// it.
NodePtr make_value(DagPlace place, const car::Cid& cid, ValueId value,
                   const DecodedNode& node) {
  const IpldNode* found = node.find(value.path);
  assert(found && "the caller found it there");
  if (type_of(*found) != NodeType::kDirectory) {
    return make_text(std::move(place), cid, std::move(value), node);
  }
  return std::make_shared<IpldDirectoryNode>(std::move(place), cid,
                                             std::move(value));
}

Result<NodePtr> make_undecodable(DagPlace place, const car::Cid& cid,
                                 const dagstore::OpenShard& shard,
                                 Error error) {
  const auto block = shard.blocks().get(cid);
  const Error& why = block.ok() ? error : block.error();
  if (!is_settled(why.code())) return why;
  DAGFS_TRY(confirm_fault(shard));
  if (!block.ok()) {
    return NodePtr(
        std::make_shared<UnreadableNode>(std::move(place), cid, why));
  }
  return make_block_file(std::move(place), cid, (*block)->size(),
                         why.message());
}

}  // namespace

IpldDirectoryNode::IpldDirectoryNode(DagPlace place, const car::Cid& cid,
                                     ValueId value)
    : DagNode(std::move(place), cid,
              {.type = NodeType::kDirectory, .permissions = 0555}),
      value_(std::move(value)) {}

Result<NodePtr> IpldDirectoryNode::lookup(std::string_view name) const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  const auto node = DAGFS_TRY(decoded(*shard(), *lease, value_.block));
  const IpldNode* parent = node->find(value_.path);
  assert(parent && "content below a CID does not change");
  const IpldNames names(*node, value_.path, *parent);
  if (names.has_json() && name == kNodeJson) {
    return make_text(child_place(name, name), car::Cid(), value_, *node);
  }
  const auto key = names.key_of(name);
  if (!key) return NodePtr();
  DagPlace place =
      child_place(name, names.is_unnamed_links(*key) ? name : *key);
  const IpldNode* child = node->find(*parent, *key);
  if (child->kind() == IpldKind::kLink) {
    return make_dag_node(std::move(place), child->as_link(), *lease);
  }
  ValueId value = value_;
  value.path.push_back(*key);
  return make_value(std::move(place), car::Cid(), std::move(value), *node);
}

Result<std::unique_ptr<DirectoryHandle>> IpldDirectoryNode::open_directory()
    const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  auto node = DAGFS_TRY(decoded(*shard(), *lease, value_.block));
  const IpldNode* value = node->find(value_.path);
  assert(value && "content below a CID does not change");
  return std::unique_ptr<DirectoryHandle>(std::make_unique<IpldDirectoryHandle>(
      std::move(node), value_.path, *value, inode()));
}

IpldTextNode::IpldTextNode(DagPlace place, const car::Cid& cid, ValueId value,
                           std::uint64_t size)
    : DagNode(std::move(place), cid, {.type = NodeType::kFile, .size = size}),
      value_(std::move(value)) {}

Result<std::unique_ptr<FileHandle>> IpldTextNode::open_file() const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  const auto node = DAGFS_TRY(decoded(*shard(), *lease, value_.block));
  return std::unique_ptr<FileHandle>(
      std::make_unique<TextHandle>(node->json(value_.path), MadeUp::kOnce));
}

Result<NodePtr> make_ipld_node(DagPlace place, const car::Cid& cid,
                               const dagstore::OpenShard& shard) {
  DecodedCache& cache = place.shard->tree->decoded();
  car::Cid at = cid;
  for (std::size_t links = 0; links < kLinkChainMax; ++links) {
    const auto node = cache.node(shard, at);
    if (!node.ok()) {
      return make_undecodable(std::move(place), at, shard, node.error());
    }
    const IpldNode& value = (*node)->shown();
    if (value.kind() != IpldKind::kLink) {
      return make_value(std::move(place), at, {.block = at, .path = {}},
                        **node);
    }
    at = car::Cid(value.as_link());
    if (at.codec() != car::Codec::kDagCbor &&
        at.codec() != car::Codec::kDagJson) {
      return make_dag_node(std::move(place), at, shard);
    }
  }
  return make_undecodable(
      std::move(place), cid, shard,
      Error(ErrorCode::kExhausted,
            fmt::format("{}: more than {} blocks in a row hold only a link",
                        cid.to_string(), kLinkChainMax)));
}

}  // namespace dagfs::fs
