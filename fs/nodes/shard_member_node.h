// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fs/node.h"
#include "fs/nodes/tree_context.h"

namespace dagfs::fs {

// What shards/KEY and the files and directories right inside have in common:
// they are looked at anew after a second, wait in their shard's lane, and say
// in extended attributes how the shard is.
class ShardMemberNode : public Node {
 public:
  ShardMemberNode(ShardPtr shard, std::uint64_t inode)
      : shard_(std::move(shard)), inode_(inode) {}

  Caching caching() const override { return Caching::kShort; }
  std::shared_ptr<Lane> lane() const override { return shard_->lane; }
  std::vector<std::string> attribute_names() const override;
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override;

 protected:
  const ShardPtr& shard() const { return shard_; }
  std::uint64_t inode() const { return inode_; }
  dagstore::Dagstore& store() const { return shard_->tree->store(); }

  // What the registry says. kStale: the shard was destroyed since.
  Result<dagstore::ShardInfo> info() const;

 private:
  const ShardPtr shard_;
  const std::uint64_t inode_;
};

// For Attributes::mtime.
timespec to_timespec(std::chrono::system_clock::time_point time);
timespec to_timespec(std::int64_t nanoseconds_since_epoch);

}  // namespace dagfs::fs
