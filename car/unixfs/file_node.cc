// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/file_node.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>

namespace dagfs::car {
namespace {

Error corrupt_node(const Cid& cid, std::string_view what) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("file node {}: {}", cid.to_string(), what));
}

}  // namespace

Result<FileMessage> fetch_file_message(const BlockSource& blocks,
                                       const Cid& cid) {
  Block block = DAGFS_TRY(blocks.get(cid));
  const std::string what = "file node " + cid.to_string();
  DagPbNode node = DAGFS_TRY_CONTEXT(DagPbNode::decode(block), what);
  if (!node.data()) return corrupt_node(cid, "not UnixFS: no Data");
  UnixfsNode unixfs = DAGFS_TRY_CONTEXT(parse_unixfs_node(*node.data()), what);
  if (!unixfs.is_file()) {
    return corrupt_node(
        cid, fmt::format("UnixFS {} under a file", to_string(unixfs.type)));
  }
  return FileMessage{.block = std::move(block),
                     .node = std::move(node),
                     .unixfs = std::move(unixfs)};
}

FileNode::FileNode(const Cid& cid, const FileMessage& message,
                   const std::vector<std::uint64_t>& child_sizes)
    : cid_(cid) {
  assert(child_sizes.size() == message.node.link_count());
  const ByteView data = message.unixfs.data;
  if (!data.empty()) {
    data_offset_ =
        static_cast<std::uint64_t>(data.data() - message.block->data());
  }
  ends_.reserve(child_sizes.size() + 1);
  ends_.push_back(data.size());
  for (const std::uint64_t size : child_sizes) {
    ends_.push_back(ends_.back() + size);
  }
  if (!child_sizes.empty()) links_ = message.node;
  // Leaves in identity CIDs hold their bytes once more, and those are part of
  // the block: counting it twice covers them.
  constexpr std::size_t kLinkCost =
      sizeof(std::uint64_t) + 32 + sizeof(std::optional<FileLeaf>);
  cost_ =
      sizeof(FileNode) + 2 * message.block->size() + ends_.size() * kLinkCost;
}

FileNode::FileNode(const Cid& raw_leaf, std::uint64_t size)
    : cid_(raw_leaf), ends_{0, size} {}

std::size_t FileNode::find_part(std::uint64_t offset) const {
  assert(offset < size());
  const auto found = std::ranges::upper_bound(ends_, offset);
  return static_cast<std::size_t>(found - ends_.begin());
}

ByteRange FileNode::range_of(std::size_t part) const {
  const std::uint64_t begin = part == 0 ? 0 : ends_[part - 1];
  return {.offset = begin, .size = ends_[part] - begin};
}

Cid FileNode::cid_of(std::size_t part) const {
  if (part == 0 || !links_) return cid_;
  return Cid::from_bytes(links_->link(part - 1).cid.bytes).value();
}

std::optional<FileLeaf> FileNode::leaf(std::size_t part) const {
  const MutexLock lock(mutex_);
  if (leaves_.empty()) return std::nullopt;
  return leaves_[part];
}

void FileNode::remember_leaf(std::size_t part, const FileLeaf& leaf) {
  const MutexLock lock(mutex_);
  if (leaves_.empty()) leaves_.resize(ends_.size());
  leaves_[part] = leaf;
}

}  // namespace dagfs::car
