// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "fs/nodes/shard_member_node.h"

namespace dagfs::fs {

// shards/KEY/segments of an aggregate piece: each segment, by its number in the
// index, is a directory like that of a shard.
class SegmentsNode final : public ShardMemberNode {
 public:
  // Null: the piece is no aggregate. Looks at the first entries of its index
  // only; where none of them is used, none of the others is either.
  static Result<NodePtr> find(ShardPtr shard, std::uint64_t inode);

  using ShardMemberNode::ShardMemberNode;

  Result<Attributes> attributes() const override;
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;
};

}  // namespace dagfs::fs
