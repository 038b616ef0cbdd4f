// SPDX-License-Identifier: Apache-2.0 OR MIT

// Which leaf holds which bytes of a UnixFS file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/unixfs/bounded_cache.h"
#include "car/unixfs/file_node.h"
#include "car/unixfs/file_sizes.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {

// A run of a file's bytes and where it lies.
struct FileExtent {
  std::uint64_t offset = 0;  // In the UnixFS file.
  std::uint64_t size = 0;
  // Either inside a block of the CAR's file, which may not be verified yet ...
  BlockLocation block;
  std::uint64_t block_offset = 0;  // From the block's first byte.
  // ... or in memory already (identity CIDs): then this is set, `block` is not,
  // and block_offset counts into it.
  Block bytes;
};

// Leaves that follow each other.
struct LeafRun {
  std::vector<BlockLocation> blocks;
  std::uint64_t end = 0;  // In the UnixFS file.
};

// The plan of one file, made when it is opened and grown as it is read: only
// interior nodes on the way to the bytes asked for are ever fetched. Memory is
// bounded whatever the file's size. Safe for use from many threads at once.
class FileLayout {
 public:
  // `root` is a raw block or a UnixFS file or raw node; `blocks` must outlive
  // the layout. kCorrupt: not a file, or its sizes contradict each other beyond
  // what measuring the leaves can settle; kExhausted: measuring would take too
  // long. Else as BlockSource::get.
  static Result<std::unique_ptr<FileLayout>> open(const BlockSource& blocks,
                                                  const Cid& root);

  // Of the whole file, in bytes.
  std::uint64_t size() const { return root_->size(); }

  // The extents that cover `range` (cut at size()), in order, without gaps.
  // Blocks of raw leaves are located but not read. kNotFound, kCorrupt,
  // kUnsupported: a node on the way is missing or wrong; the message names the
  // CID. Extents before the fault are appended all the same.
  Status map(ByteRange range, std::vector<FileExtent>* extents);

  struct RunLimits {
    std::size_t count = 0;   // Of blocks ...
    std::uint64_t size = 0;  // ... and the bytes of all of them.
  };

  // The leaves that begin at `offset` or after it, without reading any: to be
  // hashed before they are needed. Those in memory are passed over. Fewer than
  // `limits` only at the end of the file, or before what cannot be had, which
  // map() will tell.
  LeafRun next_leaves(std::uint64_t offset, const RunLimits& limits);

 private:
  // A node and where it begins in the file.
  struct Step {
    std::shared_ptr<FileNode> node;
    std::uint64_t begin = 0;
  };
  using Path = std::vector<Step>;  // From the root down.

  // What a part turned out to be: one of the two.
  struct OpenedPart {
    FileLeaf leaf;
    std::shared_ptr<FileNode> node;
  };

  explicit FileLayout(const BlockSource& blocks)
      : blocks_(blocks), sizes_(blocks), nodes_(kFileNodesCostMax) {}

  // A leaf and what of the file it holds; no block: it is in memory.
  struct PlacedLeaf {
    ByteRange range;
    std::optional<BlockLocation> block;
  };

  Result<FileExtent> extent_at(std::uint64_t offset, Path* path);
  Result<PlacedLeaf> leaf_at(std::uint64_t offset, Path* path);
  Result<OpenedPart> open_part(FileNode& parent, std::size_t part,
                               std::size_t depth);
  Result<std::shared_ptr<FileNode>> open_node(const Cid& cid,
                                              std::size_t depth);
  Result<FileLeaf> locate_leaf(const Cid& cid, ByteRange inside) const;

  const BlockSource& blocks_;
  FileSizes sizes_;
  std::shared_ptr<FileNode> root_;
  // Interior nodes below the root. By CID, so that a DAG that uses a node over
  // and over costs no more than one that has it once.
  BoundedCache<Cid, FileNode, CidHash> nodes_;
};

}  // namespace dagfs::car
