// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/ipld/cid.h"
#include "fs/nodes/shard_member_node.h"

namespace dagfs::fs {

// shards/KEY/roots: the DAG below each root of the CAR.
class RootsNode final : public ShardMemberNode {
 public:
  using ShardMemberNode::ShardMemberNode;

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  // Takes any spelling of a root's CID. Errors as Dagstore::acquire.
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;
};

// shards/KEY/root, where there is one root only.
class RootLinkNode final : public ShardMemberNode {
 public:
  // Its inode number depends on where it leads: the kernel keeps targets.
  RootLinkNode(ShardPtr shard, std::uint64_t name_inode, const car::Cid& root);

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Result<std::string> read_link() const override { return target_; }

 private:
  const std::string target_;
};

}  // namespace dagfs::fs
