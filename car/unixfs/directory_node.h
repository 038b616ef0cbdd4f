// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "car/block_source.h"
#include "car/ipld/cid.h"
#include "car/ipld/dag_pb.h"
#include "car/unixfs/hamt.h"
#include "car/unixfs/unixfs_node.h"

namespace dagfs::car {

class DirectoryNode;
using DirectoryNodePtr = std::shared_ptr<const DirectoryNode>;

// One block of a directory: all of a plain one, or one shard of a HAMT. Its
// entries are the links in their order, without those whose name occurred
// before; a link to a sub-shard is an entry without a name. Immutable.
class DirectoryNode {
 public:
  // Null: the block is well-formed but no UnixFS directory of either kind.
  // kCorrupt: not dag-pb, or not UnixFS. Else as BlockSource::get. Messages
  // name the CID.
  static Result<DirectoryNodePtr> load(const BlockSource& blocks,
                                       const Cid& cid);

  bool is_shard() const { return is_shard_; }
  // Of a shard; otherwise one without slots.
  const HamtFanout& fanout() const { return fanout_; }
  // Names have a slot that can be computed.
  bool has_slots() const { return has_slots_; }

  std::size_t entry_count() const { return entries_.size(); }
  std::string_view name(std::size_t entry) const;
  CidView cid(std::size_t entry) const {
    return node_.link(entries_[entry].link).cid;
  }
  bool is_sub_shard(std::size_t entry) const {
    return entries_[entry].is_sub_shard;
  }

  // The entry with this name, wherever it stands.
  std::optional<std::size_t> find(std::string_view name) const;
  // The entry that links to the sub-shard of `slot`; the first where there are
  // several.
  std::optional<std::size_t> find_sub_shard(std::uint64_t slot) const;

  // Bytes of memory it holds.
  std::size_t cost() const { return cost_; }

 private:
  struct Entry {
    std::uint32_t link = 0;  // Index in node_.
    bool is_sub_shard = false;
  };
  struct SubShard {
    std::uint64_t slot = 0;
    std::uint32_t entry = 0;
  };

  DirectoryNode(DagPbNode node, const UnixfsNode& unixfs,
                std::size_t block_size);

  std::string_view name_of_link(std::size_t link) const;
  void drop_repeated_names();
  std::vector<std::uint32_t> entries_by_name() const;

  DagPbNode node_;
  bool is_shard_;
  HamtFanout fanout_;
  bool has_slots_;
  std::vector<Entry> entries_;
  // Named entries in the order of their names; empty where `entries_` has that
  // order already, as plain directories usually do.
  std::vector<std::uint32_t> by_name_;
  std::vector<SubShard> sub_shards_;  // By slot.
  std::size_t cost_ = 0;
};

}  // namespace dagfs::car
