// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/unreadable_node.h"

#include "fs/nodes/content_fault.h"

namespace dagfs::fs {

Result<std::unique_ptr<FileHandle>> UnreadableNode::open_file() const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  auto block = lease->blocks().get(cid());
  if (!block.ok()) return content_fault(*lease, std::move(block).error());
  return Error(ErrorCode::kStale, error_.message());
}

}  // namespace dagfs::fs
