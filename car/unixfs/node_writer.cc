// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/node_writer.h"

#include <fmt/core.h>

#include <cassert>

#include "car/base/checked.h"
#include "car/unixfs/block_naming.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {

void keep_attributes(const ImportProfile& profile,
                     const NodeAttributes& attributes, UnixfsNode* node) {
  constexpr std::uint32_t kPermissions = 07777;
  if (profile.keeps_mode && attributes.mode) {
    node->mode = *attributes.mode & kPermissions;
  }
  if (profile.keeps_mtime && attributes.mtime) {
    node->mtime = attributes.mtime;
    // UnixFS wants 1 to 999,999,999 or nothing.
    if (node->mtime->nanoseconds == 0U) node->mtime->nanoseconds.reset();
  }
}

Result<BuiltDag> put_node(const ImportProfile& profile, BlockSink& sink,
                          std::span<const DagPbLinkToWrite> links,
                          const UnixfsNode& node) {
  const Bytes block = encode_dag_pb(links, encode(node));
  std::uint64_t total_size = block.size();
  for (const DagPbLinkToWrite& link : links) {
    assert(link.tsize);
    const auto sum = checked_add(total_size, *link.tsize);
    if (!sum) {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("what {} links to is said to have {} bytes "
                               "and more below it than can be counted",
                               to_string(node.type), *link.tsize));
    }
    total_size = *sum;
  }
  Cid cid = DAGFS_TRY(name_block(profile, Codec::kDagPb, block));
  DAGFS_TRY(sink.put(cid, block));
  return BuiltDag{.cid = std::move(cid), .total_size = total_size};
}

Result<BuiltDag> put_symlink(const ImportProfile& profile, BlockSink& sink,
                             std::string_view target,
                             const NodeAttributes& attributes) {
  if (target.empty() || target.size() > kSymlinkTargetMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("a symbolic link to {} bytes, at most {}",
                             target.size(), kSymlinkTargetMax));
  }
  UnixfsNode node{.type = UnixfsType::kSymlink, .data = as_bytes(target)};
  keep_attributes(profile, attributes, &node);
  BuiltDag built = DAGFS_TRY(put_node(profile, sink, {}, node));
  built.size = target.size();
  return built;
}

}  // namespace dagfs::car
