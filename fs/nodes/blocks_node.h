// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "fs/nodes/shard_member_node.h"

namespace dagfs::fs {

// shards/KEY/blocks: every block of the CAR under its CID, in the order of the
// file, each once. Lists by walking the sections, so that memory does not grow
// with their number.
class BlocksNode final : public ShardMemberNode {
 public:
  using ShardMemberNode::ShardMemberNode;

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  // Takes any spelling of a CID, and finds blocks by multihash: version and
  // codec take no part. Errors as Dagstore::acquire.
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;
};

}  // namespace dagfs::fs
