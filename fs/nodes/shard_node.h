// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "fs/nodes/listed_directory.h"
#include "fs/nodes/shard_member_node.h"

namespace dagfs::fs {

// shards/KEY. Looking at it touches nothing but the registry; looking into it
// opens the shard, which the first time means fetching and indexing its piece.
// Where that fails, what can still be shown is.
class ShardNode final : public ShardMemberNode {
 public:
  using ShardMemberNode::ShardMemberNode;

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;

 private:
  std::uint64_t child_inode(std::string_view name) const;
  Result<NodePtr> look_inside(std::string_view name) const;
};

// Every CID that the header of an open shard names as a root, each once, in the
// header's order.
std::vector<car::Cid> distinct_roots(const dagstore::OpenShard& shard);

}  // namespace dagfs::fs
