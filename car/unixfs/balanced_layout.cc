// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/balanced_layout.h"

#include <cassert>
#include <utility>

namespace dagfs::car {

Status BalancedLayout::add_at(std::size_t depth, BuiltDag child) {
  if (depth == levels_.size()) levels_.emplace_back();
  if (is_full(depth)) {
    // It was the top and could have been the root; now it is not.
    DAGFS_TRY(lift(depth));
  }
  Level& level = levels_[depth];
  level.links.push_back({.cid = std::move(child.cid),
                         .name = std::string(),
                         .tsize = child.total_size});
  level.node.block_sizes.push_back(child.size);
  level.node.file_size = level.node.file_size.value_or(0) + child.size;
  if (!is_full(depth) || is_top(depth)) return ok_status();
  return lift(depth);
}

Status BalancedLayout::lift(std::size_t depth) {
  BuiltDag node = DAGFS_TRY(close(depth));
  return add_at(depth + 1, std::move(node));
}

Result<BuiltDag> BalancedLayout::close(std::size_t depth) {
  Level& level = levels_[depth];
  BuiltDag built =
      DAGFS_TRY(put_node(profile_, sink_, level.links, level.node));
  built.size = *level.node.file_size;
  // Not replaced by a new one: the vectors keep their memory.
  level.links.clear();
  level.node.block_sizes.clear();
  level.node.file_size.reset();
  return built;
}

Result<BuiltDag> BalancedLayout::finish(const NodeAttributes& attributes) {
  assert(!levels_.empty());
  // Adding to a full top makes a new one on top of it.
  for (std::size_t depth = 0; !is_top(depth); ++depth) {
    if (levels_[depth].links.empty()) continue;
    DAGFS_TRY(lift(depth));
  }
  Level& top = levels_.back();
  if (top.links.size() == 1) {
    return BuiltDag{.cid = top.links.front().cid,
                    .size = *top.node.file_size,
                    .total_size = *top.links.front().tsize};
  }
  keep_attributes(profile_, attributes, &top.node);
  return close(levels_.size() - 1);
}

}  // namespace dagfs::car
