// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/content_file_node.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "car/unixfs/file_layout.h"
#include "fs/nodes/content_fault.h"
#include "fs/nodes/content_handle.h"

namespace dagfs::fs {
namespace {

// How far a file is searched for what is wrong with it when somebody asks: so
// many leaves are located, a few microseconds each, and so many bytes hashed,
// which takes 20 ms. What lies beyond shows when it is read.
constexpr std::size_t kLocatedLeavesMax = 16384;
constexpr std::uint64_t kHashedBytesMax = std::uint64_t{32} << 20;

// What is mapped at a time; small, since leaves may be.
constexpr std::uint64_t kSearchedSize = std::uint64_t{128} << 10;

// The first thing wrong with the file of `layout`.
Status search(const car::ReadOnlyBlockstore& blocks, car::FileLayout& layout) {
  std::uint64_t hashed = 0;
  std::size_t located = 0;
  std::uint64_t offset = 0;
  while (offset < layout.size() && located < kLocatedLeavesMax) {
    std::vector<car::FileExtent> extents;
    DAGFS_TRY(layout.map({.offset = offset, .size = kSearchedSize}, &extents));
    if (extents.empty()) break;
    std::vector<car::BlockLocation> unverified;
    for (const car::FileExtent& extent : extents) {
      if (extent.bytes || blocks.is_verified(extent.block)) continue;
      if (hashed + extent.block.size > kHashedBytesMax) continue;
      hashed += extent.block.size;
      unverified.push_back(extent.block);
    }
    DAGFS_TRY(blocks.verify(unverified));
    located += extents.size();
    const car::FileExtent& last = extents.back();
    // On to the next leaf: what is left of this one is known by now.
    offset = last.offset + last.size;
    if (!last.bytes) {
      offset += last.block.size - last.block_offset - last.size;
    }
  }
  return ok_status();
}

}  // namespace

ContentFileNode::ContentFileNode(DagPlace place, const car::Cid& cid,
                                 Attributes attributes, Content content)
    : DagNode(std::move(place), cid, attributes),
      root_(std::move(content.root)),
      error_(std::make_shared<RememberedError>(std::move(content.error))) {}

Result<std::unique_ptr<FileHandle>> ContentFileNode::open_file() const {
  auto lease = DAGFS_TRY(shard()->acquire());
  auto mapping = shard()->tree->mappings().of(*lease);
  return ContentHandle::open(std::move(lease), root_, std::move(mapping),
                             error_);
}

Result<std::string> ContentFileNode::find_error() const {
  if (std::string known = known_error(); !known.empty()) return known;
  const auto lease = DAGFS_TRY(shard()->acquire());
  const auto layout = car::FileLayout::open(lease->blocks(), root_);
  const Status found =
      layout.ok() ? search(lease->blocks(), **layout) : Status(layout.error());
  if (found.ok()) return std::string();
  const Error fault = content_fault(*lease, found.error());
  if (!is_settled(found.error().code()) || fault.code() == ErrorCode::kStale) {
    return fault;
  }
  error_->set(fault);
  return fault.message();
}

NodePtr make_block_file(DagPlace place, const car::Cid& cid, std::uint64_t size,
                        std::string error) {
  const Attributes attributes{.type = NodeType::kFile, .size = size};
  car::Cid raw = car::Cid::v1(car::Codec::kRaw, cid.multihash());
  return std::make_shared<ContentFileNode>(
      std::move(place), cid, attributes,
      ContentFileNode::Content{.root = std::move(raw),
                               .error = std::move(error)});
}

}  // namespace dagfs::fs
