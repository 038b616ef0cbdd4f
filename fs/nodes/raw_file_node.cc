// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/raw_file_node.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "fs/nodes/inode_number.h"
#include "fs/nodes/raw_handle.h"

namespace dagfs::fs {
namespace {

std::uint64_t inode_with(std::uint64_t name_inode, const FileStamp& stamp) {
  return inode_of(name_inode,
                  fmt::format("{} {} {} {}", stamp.size, stamp.mtime_ns,
                              stamp.inode, stamp.device));
}

}  // namespace

RawFileNode::RawFileNode(ShardPtr shard, std::uint64_t name_inode,
                         const FileStamp& stamp)
    : ShardMemberNode(std::move(shard), inode_with(name_inode, stamp)),
      stamp_(stamp) {}

Result<Attributes> RawFileNode::attributes() const {
  const FileStamp now = DAGFS_TRY(stamp());
  DAGFS_TRY(check(now));
  return Attributes{.type = NodeType::kFile,
                    .permissions = 0444,
                    .size = stamp_.size,
                    .mtime = to_timespec(stamp_.mtime_ns),
                    .inode = inode()};
}

Result<std::unique_ptr<FileHandle>> RawFileNode::open_file() const {
  Source source = DAGFS_TRY(open());
  const FileStamp now = DAGFS_TRY(source.file->stamp());
  DAGFS_TRY(check(now));
  return std::unique_ptr<FileHandle>(std::make_unique<RawHandle>(
      std::move(source.file), stamp_, std::move(source.hold)));
}

Status RawFileNode::check(const FileStamp& now) const {
  if (now == stamp_) return ok_status();
  return Error(ErrorCode::kStale,
               fmt::format("shard {}: the file was replaced or written to",
                           shard()->key.text()));
}

Result<NodePtr> PieceNode::find(ShardPtr shard, std::uint64_t inode) {
  const FileStamp stamp =
      DAGFS_TRY(shard->tree->store().piece_stamp(shard->key));
  return NodePtr(new PieceNode(std::move(shard), inode, stamp));
}

Result<FileStamp> PieceNode::stamp() const {
  return store().piece_stamp(shard()->key);
}

Result<RawFileNode::Source> PieceNode::open() const {
  return Source{.file = DAGFS_TRY(store().open_piece(shard()->key)),
                .hold = nullptr};
}

Result<NodePtr> IndexNode::find(ShardPtr shard, std::uint64_t inode,
                                const dagstore::OpenShard& open) {
  const FileStamp stamp = DAGFS_TRY(open.index_file()->stamp());
  return NodePtr(new IndexNode(std::move(shard), inode, stamp));
}

Result<FileStamp> IndexNode::stamp() const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  return lease->index_file()->stamp();
}

Result<RawFileNode::Source> IndexNode::open() const {
  auto lease =
      std::make_shared<dagstore::ShardLease>(DAGFS_TRY(shard()->acquire()));
  return Source{.file = (*lease)->index_file(), .hold = lease};
}

}  // namespace dagfs::fs
