// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <vector>

#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/ipld/dag_pb.h"
#include "car/unixfs/node_writer.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// The interior nodes of a file whose leaves come one by one: all at the same
// depth, each node filled before the next begins. A node is put as soon as it
// is full, unless it may still turn out to be the root, which alone carries the
// file's attributes. Holds at most links_max links a level, about 100 bytes
// each; 2^40 bytes in chunks of 1 MiB have two levels.
class BalancedLayout {
 public:
  // `sink` must outlive it.
  BalancedLayout(const ImportProfile& profile, BlockSink& sink)
      : profile_(profile), sink_(sink) {}

  // Errors as BlockSink::put; nothing may be added after one.
  Status add(BuiltDag leaf) { return add_at(0, std::move(leaf)); }

  // Puts what is left. The DAG of a single leaf is that leaf, without the
  // attributes. At least one leaf was added.
  Result<BuiltDag> finish(const NodeAttributes& attributes);

  // As new.
  void clear() { levels_.clear(); }

 private:
  struct Level {
    std::vector<DagPbLinkToWrite> links;
    UnixfsNode node;  // Sizes of the links' files.
  };

  Status add_at(std::size_t depth, BuiltDag child);
  // Puts the node that is collected at `depth` ...
  Result<BuiltDag> close(std::size_t depth);
  // ... and links to it from the one above.
  Status lift(std::size_t depth);
  bool is_full(std::size_t depth) const {
    return levels_[depth].links.size() == profile_.links_max;
  }
  bool is_top(std::size_t depth) const { return depth + 1 == levels_.size(); }

  const ImportProfile profile_;
  BlockSink& sink_;
  std::vector<Level> levels_;  // From the leaves' parents up.
};

}  // namespace dagfs::car
