// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/raw_file_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "car/base/file_slice.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/raw_handle.h"

namespace dagfs::fs {
namespace {

std::uint64_t inode_with(std::uint64_t name_inode, const FileStamp& stamp) {
  return inode_of(name_inode,
                  fmt::format("{} {} {} {}", stamp.size, stamp.mtime_ns,
                              stamp.inode, stamp.device));
}

std::shared_ptr<const RandomAccessFile> front_of(
    std::shared_ptr<const RandomAccessFile> file, std::uint64_t size) {
  size = std::min(size, file->size());
  return std::make_shared<FileSlice>(std::move(file),
                                     ByteRange{.offset = 0, .size = size});
}

// Of piece.car.
Result<FileStamp> car_stamp(const ShardContext& shard) {
  dagstore::Dagstore& store = shard.tree->store();
  const mount::PieceShape shape = DAGFS_TRY(store.piece_shape(shard.key));
  if (!shape.is_whole_piece || shape.car_size) {
    FileStamp stamp = DAGFS_TRY(store.piece_stamp(shard.key));
    if (shape.car_size) stamp.size = *shape.car_size;
    return stamp;
  }
  const auto lease = DAGFS_TRY(shard.acquire());
  FileStamp stamp = DAGFS_TRY(lease->piece_file()->stamp());
  stamp.size = lease->piece().size;
  return stamp;
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
  const FileStamp stamp = DAGFS_TRY(car_stamp(*shard));
  return NodePtr(new PieceNode(std::move(shard), inode, stamp));
}

Result<FileStamp> PieceNode::stamp() const { return car_stamp(*shard()); }

Result<RawFileNode::Source> PieceNode::open() const {
  const mount::PieceShape shape = DAGFS_TRY(store().piece_shape(shard()->key));
  if (shape.is_whole_piece && !shape.car_size) {
    auto lease =
        std::make_shared<dagstore::ShardLease>(DAGFS_TRY(shard()->acquire()));
    return Source{
        .file = front_of((*lease)->piece_file(), (*lease)->piece().size),
        .hold = lease};
  }
  Source source{.file = DAGFS_TRY(store().open_piece(shard()->key)),
                .hold = nullptr};
  if (shape.is_whole_piece) {
    source.file = front_of(std::move(source.file), *shape.car_size);
  }
  return source;
}

Result<NodePtr> WholePieceNode::find(ShardPtr shard, std::uint64_t inode) {
  dagstore::Dagstore& store = shard->tree->store();
  const mount::PieceShape shape = DAGFS_TRY(store.piece_shape(shard->key));
  if (!shape.is_whole_piece) return NodePtr();
  const FileStamp stamp = DAGFS_TRY(store.piece_stamp(shard->key));
  return NodePtr(new WholePieceNode(std::move(shard), inode, stamp));
}

Result<FileStamp> WholePieceNode::stamp() const {
  return store().piece_stamp(shard()->key);
}

Result<RawFileNode::Source> WholePieceNode::open() const {
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
