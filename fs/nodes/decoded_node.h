// SPDX-License-Identifier: Apache-2.0 OR MIT

// Blocks that are shown as directories of their values.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "car/block_source.h"
#include "car/ipld/dag_pb.h"
#include "car/ipld/ipld_node.h"

namespace dagfs::fs {

// The way from a block's value to one inside: keys, and positions in decimal.
using ValuePath = std::vector<std::string>;

// The directory that shows the links of a dag-pb node that have no name.
inline constexpr std::string_view kUnnamedLinks = "Links";

// What a block of dag-cbor, dag-json or dag-pb (where it is not UnixFS) says.
// Immutable.
class DecodedNode {
 public:
  // kCorrupt, kExhausted: the block cannot be decoded as its codec. Else as
  // BlockSource::get. kUnsupported: a codec that is not shown so.
  static Result<std::shared_ptr<const DecodedNode>> load(
      const car::BlockSource& blocks, const car::Cid& cid);

  bool is_dag_pb() const { return is_dag_pb_; }

  // What is shown: the value itself; of dag-pb, a map of its named links, and
  // under kUnnamedLinks one of the others by their places.
  const car::IpldNode& shown() const { return shown_; }

  // The value at `path` below shown(); null: there is none.
  const car::IpldNode* find(const ValuePath& path) const;
  // The value that `parent`, which is part of shown(), has under `key`: quick
  // in large maps too.
  const car::IpldNode* find(const car::IpldNode& parent,
                            std::string_view key) const;

  // The value at `path`, which must be there, as DAG-JSON text; of dag-pb,
  // where `path` must be empty, the whole node as the data model sees it.
  std::string json(const ValuePath& path) const;

  // Bytes of memory it holds.
  std::size_t cost() const { return cost_; }

 private:
  DecodedNode() = default;
  void index(const car::IpldNode& value);

  bool is_dag_pb_ = false;
  car::IpldNode shown_;
  car::IpldNode whole_;  // Of dag-pb only.
  // Entries in the order of their keys, of maps too large to be searched one by
  // one.
  std::map<const car::IpldNode*, std::vector<std::uint32_t>> by_key_;
  std::size_t cost_ = 0;
};

}  // namespace dagfs::fs
