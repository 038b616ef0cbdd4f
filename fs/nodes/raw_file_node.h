// SPDX-License-Identifier: Apache-2.0 OR MIT

// shards/KEY/piece.car, piece.bin and index.idx: files of other file systems
// shown as they are.

#pragma once

#include "car/base/file.h"
#include "fs/nodes/shard_member_node.h"

namespace dagfs::fs {

// A file that is known by its stamp: when another one takes its place, or
// somebody writes to it, a look-up gives a node with another inode number, so
// that nothing the kernel cached of the old one is taken for the new one's.
class RawFileNode : public ShardMemberNode {
 public:
  // kStale once the file is another.
  Result<Attributes> attributes() const override;
  Result<std::unique_ptr<FileHandle>> open_file() const override;

 protected:
  // `name_inode` is that of the name, whatever file stands there.
  RawFileNode(ShardPtr shard, std::uint64_t name_inode, const FileStamp& stamp);

  struct Source {
    std::shared_ptr<const RandomAccessFile> file;
    std::shared_ptr<const void> hold;  // Kept with open handles.
  };
  virtual Result<FileStamp> stamp() const = 0;
  virtual Result<Source> open() const = 0;

 private:
  Status check(const FileStamp& now) const;

  const FileStamp stamp_;
};

// piece.car: the CAR, without the zeros that follow it in a whole piece.
class PieceNode final : public RawFileNode {
 public:
  // Asks the mount. Opens and indexes the shard only where nothing else says
  // how large the CAR is. Errors as Dagstore::piece_stamp and acquire.
  static Result<NodePtr> find(ShardPtr shard, std::uint64_t inode);

 private:
  using RawFileNode::RawFileNode;

  Result<FileStamp> stamp() const override;
  Result<Source> open() const override;
};

// piece.bin: a whole piece to its end, whatever it is.
class WholePieceNode final : public RawFileNode {
 public:
  // Null: the mount yields no whole piece, but the CAR alone. Never opens or
  // indexes the shard. Errors as Dagstore::piece_stamp.
  static Result<NodePtr> find(ShardPtr shard, std::uint64_t inode);

 private:
  using RawFileNode::RawFileNode;

  Result<FileStamp> stamp() const override;
  Result<Source> open() const override;
};

class IndexNode final : public RawFileNode {
 public:
  static Result<NodePtr> find(ShardPtr shard, std::uint64_t inode,
                              const dagstore::OpenShard& open);

 private:
  using RawFileNode::RawFileNode;

  Result<FileStamp> stamp() const override;
  Result<Source> open() const override;
};

}  // namespace dagfs::fs
