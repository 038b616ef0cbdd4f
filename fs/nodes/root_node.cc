// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/root_node.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "fs/inbox/inbox_node.h"
#include "fs/nodes/control_directory.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/listed_directory.h"
#include "fs/nodes/shard_member_node.h"
#include "fs/nodes/shards_node.h"

namespace dagfs::fs {

NodePtr make_root(dagstore::Dagstore& store, dagstore::Inbox* inbox,
                  TreeOptions options) {
  const auto now = std::chrono::system_clock::now();
  const auto tree = std::make_shared<TreeContext>(store);
  std::vector<FixedDirectoryNode::Child> children;
  children.push_back(
      {"shards", std::make_shared<ShardsNode>(
                     tree, inode_of(kRootInode, "shards"), to_timespec(now))});
  if (inbox != nullptr) {
    children.push_back({"inbox", std::make_shared<InboxNode>(
                                     *inbox, inode_of(kRootInode, "inbox"))});
  }
  children.push_back(
      {".dagfs", make_control_directory(
                     tree, inode_of(kRootInode, ".dagfs"),
                     {.started_at = now,
                      .version = std::move(options.version),
                      .mountpoint = std::move(options.mountpoint),
                      .request_count = std::move(options.request_count),
                      .more_metrics = std::move(options.more_metrics)})});
  return std::make_shared<FixedDirectoryNode>(kRootInode, to_timespec(now),
                                              std::move(children));
}

}  // namespace dagfs::fs
