// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/segments_node.h"

#include <charconv>
#include <string>
#include <utility>

#include "fs/nodes/inode_number.h"
#include "fs/nodes/listed_directory.h"
#include "fs/nodes/shard_node.h"

namespace dagfs::fs {
namespace {

// 64 KiB of an index, which is filled from its front.
constexpr mount::SegmentEntries kFirstEntries{.first = 0, .count = 1024};

// nullopt: not a number as it is listed.
std::optional<std::uint64_t> number_from(std::string_view name) {
  std::uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  if (std::to_string(number) != name) return std::nullopt;
  return number;
}

}  // namespace

Result<NodePtr> SegmentsNode::find(ShardPtr shard, std::uint64_t inode) {
  const auto numbers =
      DAGFS_TRY(shard->tree->store().segments(shard->key, kFirstEntries));
  if (numbers.empty()) return NodePtr();
  return NodePtr(std::make_shared<SegmentsNode>(std::move(shard), inode));
}

Result<Attributes> SegmentsNode::attributes() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  // How many there are nobody counts.
  return Attributes{.type = NodeType::kDirectory,
                    .permissions = 0555,
                    .links = 1,
                    .mtime = to_timespec(known.registered_at),
                    .inode = inode()};
}

Result<NodePtr> SegmentsNode::lookup(std::string_view name) const {
  const auto number = number_from(name);
  if (!number) return NodePtr();
  const auto found =
      DAGFS_TRY(store().segments(shard()->key, {.first = *number, .count = 1}));
  if (found.empty()) return NodePtr();
  const auto key = dagstore::ShardKey::of_segment(shard()->key, *number);
  return NodePtr(std::make_shared<ShardNode>(shard()->tree->shard(key),
                                             inode_of(inode(), name)));
}

Result<std::unique_ptr<DirectoryHandle>> SegmentsNode::open_directory() const {
  const auto numbers = DAGFS_TRY(store().segments(shard()->key, {}));
  std::vector<DirectoryEntry> entries;
  entries.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    std::string name = std::to_string(number);
    const std::uint64_t child = inode_of(inode(), name);
    entries.push_back({std::move(name), child, NodeType::kDirectory});
  }
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<ListedDirectoryHandle>(std::move(entries)));
}

}  // namespace dagfs::fs
