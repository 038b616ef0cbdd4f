// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the nodes below roots/CID and blocks/CID have in common, and the one
// place that decides what a CID is shown as.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "car/ipld/cid.h"
#include "car/unixfs/unixfs_node.h"
#include "fs/node.h"
#include "fs/nodes/tree_context.h"

namespace dagfs::fs {

// Where a node stands.
struct DagPlace {
  ShardPtr shard;
  std::uint64_t inode = 0;
  // Where it is shown under another name.
  std::optional<std::string> raw_name = std::nullopt;
};

// Content that cannot change: attributes are settled when it is looked up, and
// holding a node keeps no shard open. Whatever else is asked opens the shard
// again; when it holds other content by then, this content is still right, or
// gone.
class DagNode : public Node {
 public:
  Result<Attributes> attributes() const override { return attributes_; }
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kForever; }
  std::shared_ptr<Lane> lane() const override { return place_.shard->lane; }
  std::vector<std::string> attribute_names() const override;
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override;

 protected:
  // `cid` is empty for a value inside a block. The inode number is taken from
  // `place`.
  DagNode(DagPlace place, car::Cid cid, Attributes attributes);

  const DagPlace& place() const { return place_; }
  const car::Cid& cid() const { return cid_; }
  const ShardPtr& shard() const { return place_.shard; }
  std::uint64_t inode() const { return place_.inode; }

  // The error of this content, where it is known already; or empty.
  virtual std::string known_error() const { return {}; }
  // The same, after looking for one; may wait for disks.
  virtual Result<std::string> find_error() const { return known_error(); }

  // Of the entry that shows `raw_name` as `shown`.
  DagPlace child_place(std::string_view shown, std::string_view raw_name) const;

 private:
  const DagPlace place_;
  const car::Cid cid_;
  const Attributes attributes_;
};

// The node that shows what `cid` names. What is missing or wrong is a node too,
// an unreadable file that says why; an Error means that the shard cannot be
// read now. Reads the block unless its codec is raw or unknown. `lease` is only
// used during the call.
Result<NodePtr> make_dag_node(DagPlace place, const car::Cid& cid,
                              const dagstore::OpenShard& shard);

// What make_dag_node would make of it, as far as the CID alone tells.
NodeType type_hint(car::Codec codec);

// The time and permissions that UnixFS nodes may carry.
Attributes attributes_of(const car::UnixfsNode& node, NodeType type);

}  // namespace dagfs::fs
