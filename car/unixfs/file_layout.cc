// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/file_layout.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/base/checked.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

Error wrong_size(const Cid& cid, std::uint64_t found, std::uint64_t declared) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("file block {} holds {} bytes where {} are declared",
                           cid.to_string(), found, declared));
}

}  // namespace

Result<std::unique_ptr<FileLayout>> FileLayout::open(const BlockSource& blocks,
                                                     const Cid& root) {
  std::unique_ptr<FileLayout> layout(new FileLayout(blocks));
  if (root.codec() == Codec::kRaw) {
    const std::uint64_t size = DAGFS_TRY(raw_block_size(blocks, root));
    layout->root_ = std::make_shared<FileNode>(root, size);
    return layout;
  }
  if (root.codec() != Codec::kDagPb) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} block {} is not a file", name_of(root.codec()),
                             root.to_string()));
  }
  const FileMessage message = DAGFS_TRY(fetch_file_message(blocks, root));
  const auto sizes = DAGFS_TRY(layout->sizes_.of_links(message, 0));
  layout->root_ = std::make_shared<FileNode>(root, message, sizes);
  return layout;
}

Status FileLayout::map(ByteRange range, std::vector<FileExtent>* extents) {
  const std::uint64_t end = std::min(
      checked_add(range.offset, range.size).value_or(kFileSizeMax), size());
  Path path{{root_, 0}};
  for (std::uint64_t offset = range.offset; offset < end;) {
    FileExtent extent = DAGFS_TRY(extent_at(offset, &path));
    extent.size = std::min(extent.size, end - offset);
    offset += extent.size;
    extents->push_back(std::move(extent));
  }
  return ok_status();
}

LeafRun FileLayout::next_leaves(std::uint64_t offset, const RunLimits& limits) {
  LeafRun run{.end = offset};
  std::uint64_t size_left = limits.size;
  Path path{{root_, 0}};
  for (std::uint64_t next = offset; next < size();) {
    const auto leaf = leaf_at(next, &path);
    if (!leaf.ok()) break;
    if (leaf->block && leaf->range.offset >= offset) {
      if (run.blocks.size() == limits.count) break;
      if (leaf->block->size > size_left) break;
      size_left -= leaf->block->size;
      run.blocks.push_back(*leaf->block);
    }
    next = leaf->range.offset + leaf->range.size;
    run.end = next;
  }
  return run;
}

// The leaf that holds the byte at `offset`; `path` as for extent_at.
Result<FileLayout::PlacedLeaf> FileLayout::leaf_at(std::uint64_t offset,
                                                   Path* path) {
  while (offset - path->back().begin >= path->back().node->size()) {
    path->pop_back();
  }
  while (true) {
    const Step step = path->back();
    const std::size_t part = step.node->find_part(offset - step.begin);
    ByteRange range = step.node->range_of(part);
    range.offset += step.begin;
    std::optional<FileLeaf> leaf = step.node->leaf(part);
    const Cid cid = step.node->cid_of(part);
    if (!leaf && part != 0 && cid.codec() == Codec::kDagPb) {
      // A leaf in dag-pb is told by its size: it need not be decoded, for which
      // it would have to be hashed.
      const BlockLocation block = DAGFS_TRY(blocks_.locate(cid));
      if (block.size >= range.size) return PlacedLeaf{range, block};
    }
    if (!leaf) {
      OpenedPart opened = DAGFS_TRY(open_part(*step.node, part, path->size()));
      if (opened.node != nullptr) {
        path->push_back({std::move(opened.node), range.offset});
        continue;
      }
      leaf = std::move(opened.leaf);
    }
    PlacedLeaf placed{.range = range};
    if (leaf->bytes == nullptr) placed.block = leaf->block;
    return placed;
  }
}

// The rest of the leaf that holds the byte at `offset`. `path` leads to where
// the last one was found: going on from there, a run of leaves costs two steps
// a leaf however deep the DAG is.
Result<FileExtent> FileLayout::extent_at(std::uint64_t offset, Path* path) {
  while (offset - path->back().begin >= path->back().node->size()) {
    path->pop_back();
  }
  while (true) {
    const Step step = path->back();
    const std::uint64_t inside = offset - step.begin;
    const std::size_t part = step.node->find_part(inside);
    const ByteRange range = step.node->range_of(part);
    std::optional<FileLeaf> leaf = step.node->leaf(part);
    if (!leaf) {
      OpenedPart opened = DAGFS_TRY(open_part(*step.node, part, path->size()));
      if (opened.node != nullptr) {
        path->push_back({std::move(opened.node), step.begin + range.offset});
        continue;
      }
      leaf = std::move(opened.leaf);
    }
    const std::uint64_t skipped = inside - range.offset;
    return FileExtent{.offset = offset,
                      .size = range.size - skipped,
                      .block = leaf->block,
                      .block_offset = leaf->block_offset + skipped,
                      .bytes = std::move(leaf->bytes)};
  }
}

// `depth` is that of the part. Fetches without any lock: two threads may open
// the same part, and the first to be done wins.
Result<FileLayout::OpenedPart> FileLayout::open_part(FileNode& parent,
                                                     std::size_t part,
                                                     std::size_t depth) {
  const Cid cid = parent.cid_of(part);
  const std::uint64_t size = parent.range_of(part).size;
  if (part != 0 && depth > kFileDepthMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("file block {} is more than {} links deep",
                             cid.to_string(), kFileDepthMax));
  }
  OpenedPart opened;
  if (part == 0) {
    opened.leaf = DAGFS_TRY(locate_leaf(cid, {parent.data_offset(), size}));
  } else if (cid.codec() == Codec::kRaw) {
    opened.leaf = DAGFS_TRY(locate_leaf(cid, {0, size}));
    const std::uint64_t found = opened.leaf.block_size();
    if (found != size) return wrong_size(cid, found, size);
  } else {
    opened.node = DAGFS_TRY(open_node(cid, depth));
    const std::uint64_t found = opened.node->size();
    if (found != size) return wrong_size(cid, found, size);
    if (opened.node->is_leaf()) {
      const std::uint64_t offset = opened.node->data_offset();
      opened.leaf = DAGFS_TRY(locate_leaf(cid, {offset, size}));
      opened.node = nullptr;
    }
  }
  if (opened.node == nullptr) parent.remember_leaf(part, opened.leaf);
  return opened;
}

Result<std::shared_ptr<FileNode>> FileLayout::open_node(const Cid& cid,
                                                        std::size_t depth) {
  if (cid.codec() != Codec::kDagPb) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} block {} under a file", name_of(cid.codec()),
                             cid.to_string()));
  }
  if (auto known = nodes_.find(cid)) return known;
  const FileMessage message = DAGFS_TRY(fetch_file_message(blocks_, cid));
  const auto sizes = DAGFS_TRY(sizes_.of_links(message, depth));
  auto node = std::make_shared<FileNode>(cid, message, sizes);
  // What a leaf is needed for is remembered by its parent.
  if (node->is_leaf()) return node;
  const std::size_t cost = node->cost();
  return nodes_.insert(cid, std::move(node), cost);
}

// Where the bytes at `inside` of the block `cid` lie.
Result<FileLeaf> FileLayout::locate_leaf(const Cid& cid,
                                         ByteRange inside) const {
  FileLeaf leaf{.block_offset = inside.offset};
  if (cid.is_identity()) {
    leaf.bytes = DAGFS_TRY(blocks_.get(cid));
  } else {
    leaf.block = DAGFS_TRY(blocks_.locate(cid));
  }
  // A block that was decoded has them; but another copy of it, damaged, may be
  // the one that is located, and one that was only declared may be shorter.
  const std::uint64_t end = inside.offset + inside.size;
  if (leaf.block_size() < end) return wrong_size(cid, leaf.block_size(), end);
  return leaf;
}

}  // namespace dagfs::car
