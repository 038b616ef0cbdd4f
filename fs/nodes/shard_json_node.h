// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "fs/nodes/shard_member_node.h"

namespace dagfs::fs {

// shards/KEY/shard.json: what the registry knows of the shard, made up at each
// open.
class ShardJsonNode final : public ShardMemberNode {
 public:
  using ShardMemberNode::ShardMemberNode;

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kNever; }
  Result<std::unique_ptr<FileHandle>> open_file() const override;
};

// The text of shard.json. docs/mount.md lists its fields.
std::string render_json(const dagstore::ShardInfo& info);

}  // namespace dagfs::fs
