// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/ipld/cid.h"
#include "car/ipld/dag_pb.h"
#include "car/unixfs/unixfs_node.h"

namespace dagfs::car {

// A dag-pb node at or below a file's root, decoded.
struct FileMessage {
  Block block;
  DagPbNode node;
  UnixfsNode unixfs;  // Views into `block`.
};

// Fetches and decodes the dag-pb node `cid`. kCorrupt: it is no UnixFS file or
// raw node. Else as BlockSource::get. Messages name the CID.
Result<FileMessage> fetch_file_message(const BlockSource& blocks,
                                       const Cid& cid);

// Where the bytes of one leaf lie: in a block of the source's file, or, where
// `bytes` is set, in memory.
struct FileLeaf {
  BlockLocation block;
  std::uint64_t block_offset = 0;  // Of the leaf's first byte in the block.
  Block bytes;

  std::uint64_t block_size() const {
    return bytes == nullptr ? block.size : bytes->size();
  }
};

// A node of a UnixFS file in the form that reading needs: parts, one after the
// other. Part 0 is the node's own Data (often empty), the others its links.
// Offsets count from the node's first byte: a node may occur at several places
// of a file. Its parts are constant; what is found out about where they lie is
// remembered. Safe for use from many threads at once.
class FileNode {
 public:
  // `child_sizes` are the bytes below each link; their sum and Data's size are
  // at most kFileSizeMax.
  FileNode(const Cid& cid, const FileMessage& message,
           const std::vector<std::uint64_t>& child_sizes);

  // A node around a raw block that is a file by itself: one link and no Data.
  FileNode(const Cid& raw_leaf, std::uint64_t size);

  std::uint64_t size() const { return ends_.back(); }
  // It has no links: all its bytes are Data.
  bool is_leaf() const { return ends_.size() == 1; }

  // The part that holds the byte at `offset`, which is below size().
  std::size_t find_part(std::uint64_t offset) const;
  ByteRange range_of(std::size_t part) const;

  // What to fetch for a part: the link's CID, for part 0 the node's own.
  Cid cid_of(std::size_t part) const;
  // Where Data begins in the node's own block.
  std::uint64_t data_offset() const { return data_offset_; }

  // nullopt: not remembered yet, or no leaf.
  std::optional<FileLeaf> leaf(std::size_t part) const;
  void remember_leaf(std::size_t part, const FileLeaf& leaf);

  // Bytes of memory it holds at most.
  std::size_t cost() const { return cost_; }

 private:
  Cid cid_;
  // Absent where there are no links, so that a leaf's bytes are not held.
  std::optional<DagPbNode> links_;
  std::uint64_t data_offset_ = 0;
  std::vector<std::uint64_t> ends_;  // By part, ascending.
  std::size_t cost_ = 0;

  mutable Mutex mutex_;
  // By part; empty until the first is remembered.
  std::vector<std::optional<FileLeaf>> leaves_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::car
