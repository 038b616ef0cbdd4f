// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/file_sizes.h"

#include <fmt/core.h>

#include <numeric>
#include <optional>
#include <span>

#include "car/base/checked.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

// The bytes of a node with this Data and these sizes below its links; nullopt:
// more than kFileSizeMax.
std::optional<std::uint64_t> total_size(ByteView data,
                                        std::span<const std::uint64_t> sizes) {
  std::uint64_t total = data.size();
  for (const std::uint64_t size : sizes) {
    const auto sum = checked_add(total, size);
    if (!sum || *sum > kFileSizeMax) return std::nullopt;
    total = *sum;
  }
  return total;
}

// What the node says it holds; nullopt where it contradicts itself.
std::optional<std::uint64_t> declared_size(const FileMessage& message) {
  const UnixfsNode& unixfs = message.unixfs;
  if (unixfs.block_sizes.size() != message.node.link_count()) {
    return std::nullopt;
  }
  const auto total = total_size(unixfs.data, unixfs.block_sizes);
  if (!total || unixfs.file_size.value_or(*total) != *total) {
    return std::nullopt;
  }
  return total;
}

}  // namespace

Result<std::uint64_t> raw_block_size(const BlockSource& blocks,
                                     const Cid& cid) {
  if (cid.is_identity()) {
    return static_cast<std::uint64_t>(cid.multihash().digest.size());
  }
  const BlockLocation location = DAGFS_TRY(blocks.locate(cid));
  return location.size;
}

Result<std::vector<std::uint64_t>> FileSizes::of_links(
    const FileMessage& message, std::size_t depth) {
  if (declared_size(message)) return message.unixfs.block_sizes;
  return measure_links(message, depth);
}

Result<std::vector<std::uint64_t>> FileSizes::measure_links(
    const FileMessage& message, std::size_t depth) {
  std::vector<std::uint64_t> sizes;
  sizes.reserve(message.node.link_count());
  for (std::size_t i = 0; i < message.node.link_count(); ++i) {
    const DagPbLink link = message.node.link(i);
    const Cid cid = DAGFS_TRY(Cid::from_bytes(link.cid.bytes));
    sizes.push_back(DAGFS_TRY(measure(cid, depth + 1)));
  }
  if (!total_size(message.unixfs.data, sizes)) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("file of more than {} bytes", kFileSizeMax));
  }
  return sizes;
}

Result<std::uint64_t> FileSizes::measure(const Cid& cid, std::size_t depth) {
  if (depth > kFileDepthMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("file node {} is more than {} links deep",
                             cid.to_string(), kFileDepthMax));
  }
  DAGFS_TRY(count_one());
  if (cid.codec() == Codec::kRaw) return raw_block_size(blocks_, cid);
  if (cid.codec() == Codec::kDagPb) return measure_node(cid, depth);
  return Error(ErrorCode::kCorrupt,
               fmt::format("{} block {} under a file", name_of(cid.codec()),
                           cid.to_string()));
}

Result<std::uint64_t> FileSizes::measure_node(const Cid& cid,
                                              std::size_t depth) {
  {
    const MutexLock lock(mutex_);
    const auto known = measured_.find(cid);
    if (known != measured_.end()) return known->second;
  }
  const FileMessage message = DAGFS_TRY(fetch_file_message(blocks_, cid));
  if (const auto size = declared_size(message)) return *size;
  const auto sizes = DAGFS_TRY(measure_links(message, depth));
  const std::uint64_t size = *total_size(message.unixfs.data, sizes);
  const MutexLock lock(mutex_);
  measured_.emplace(cid, size);
  return size;
}

Status FileSizes::count_one() {
  const MutexLock lock(mutex_);
  if (++count_ <= kMeasuredNodesMax) return ok_status();
  return Error(ErrorCode::kExhausted,
               fmt::format("file sizes contradict each other and more than {} "
                           "nodes would have to be measured",
                           kMeasuredNodesMax));
}

}  // namespace dagfs::car
