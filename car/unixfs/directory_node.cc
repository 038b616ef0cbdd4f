// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/directory_node.h"

#include <algorithm>
#include <utility>

namespace dagfs::car {

Result<DirectoryNodePtr> DirectoryNode::load(const BlockSource& blocks,
                                             const Cid& cid) {
  DirectoryNodePtr none;
  if (cid.codec() != Codec::kDagPb) return none;
  Block block = DAGFS_TRY(blocks.get(cid));
  const std::size_t block_size = block->size();
  const std::string what = "directory node " + cid.to_string();
  DagPbNode node = DAGFS_TRY_CONTEXT(DagPbNode::decode(std::move(block)), what);
  if (!node.data()) {
    return Error(ErrorCode::kCorrupt, what + ": not UnixFS: no Data");
  }
  const UnixfsNode unixfs =
      DAGFS_TRY_CONTEXT(parse_unixfs_node(*node.data()), what);
  if (!unixfs.is_directory()) return none;
  // make_shared cannot reach the constructor.
  return DirectoryNodePtr(
      new DirectoryNode(std::move(node), unixfs, block_size));
}

DirectoryNode::DirectoryNode(DagPbNode node, const UnixfsNode& unixfs,
                             std::size_t block_size)
    : node_(std::move(node)),
      is_shard_(unixfs.type == UnixfsType::kHamtShard),
      fanout_(is_shard_ ? unixfs.fanout.value_or(0) : 0),
      has_slots_(unixfs.hash_type == kHamtHashType && fanout_.bits()) {
  entries_.reserve(node_.link_count());
  for (std::size_t link = 0; link < node_.link_count(); ++link) {
    entries_.push_back(
        {.link = static_cast<std::uint32_t>(link),
         .is_sub_shard = is_shard_ && name_of_link(link).empty()});
  }
  drop_repeated_names();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].is_sub_shard) continue;
    const auto slot = parse_hamt_prefix(node_.link_name(entries_[i].link));
    if (slot) sub_shards_.push_back({*slot, static_cast<std::uint32_t>(i)});
  }
  std::ranges::stable_sort(sub_shards_, {}, &SubShard::slot);
  constexpr std::size_t kLinkCost = 32;  // What DagPbNode holds for each.
  cost_ = sizeof(DirectoryNode) + block_size +
          node_.link_count() * (kLinkCost + sizeof(Entry)) +
          by_name_.size() * sizeof(std::uint32_t) +
          sub_shards_.size() * sizeof(SubShard);
}

std::string_view DirectoryNode::name_of_link(std::size_t link) const {
  const std::string_view name = node_.link_name(link);
  return name.substr(std::min(name.size(), fanout_.prefix_size()));
}

std::string_view DirectoryNode::name(std::size_t entry) const {
  return name_of_link(entries_[entry].link);
}

// Sorting finds repeated names however they are chosen; a hash table would be
// quadratic for names made to collide.
void DirectoryNode::drop_repeated_names() {
  bool ordered = true;
  for (std::size_t i = 0; i < entries_.size() && ordered; ++i) {
    ordered = !entries_[i].is_sub_shard && (i == 0 || name(i - 1) < name(i));
  }
  if (ordered) return;

  by_name_ = entries_by_name();
  const auto repeated = std::unique(
      by_name_.begin(), by_name_.end(),
      [this](std::uint32_t a, std::uint32_t b) { return name(a) == name(b); });
  if (repeated == by_name_.end()) return;
  by_name_.erase(repeated, by_name_.end());

  std::vector<bool> kept(entries_.size());
  for (const std::uint32_t entry : by_name_) kept[entry] = true;
  std::vector<Entry> left;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (kept[i] || entries_[i].is_sub_shard) left.push_back(entries_[i]);
  }
  entries_ = std::move(left);
  by_name_ = entries_by_name();
}

// Stable, so that of equal names the first link comes first.
std::vector<std::uint32_t> DirectoryNode::entries_by_name() const {
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].is_sub_shard) {
      order.push_back(static_cast<std::uint32_t>(i));
    }
  }
  const auto name_at = [this](std::uint32_t entry) { return name(entry); };
  std::ranges::stable_sort(order, {}, name_at);
  return order;
}

std::optional<std::size_t> DirectoryNode::find(std::string_view wanted) const {
  const bool is_ordered = by_name_.empty();
  std::size_t low = 0;
  std::size_t high = is_ordered ? entries_.size() : by_name_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::size_t entry = is_ordered ? middle : by_name_[middle];
    const auto order = name(entry) <=> wanted;
    if (order == 0) {
      // Sub-shards alone leave `by_name_` empty too.
      if (entries_[entry].is_sub_shard) return std::nullopt;
      return entry;
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> DirectoryNode::find_sub_shard(
    std::uint64_t slot) const {
  const auto found =
      std::ranges::lower_bound(sub_shards_, slot, {}, &SubShard::slot);
  if (found == sub_shards_.end() || found->slot != slot) return std::nullopt;
  return found->entry;
}

}  // namespace dagfs::car
