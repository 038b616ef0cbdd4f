// SPDX-License-Identifier: Apache-2.0 OR MIT

// dag-pb nodes: links and, beside them, the bytes that UnixFS explains.
// https://ipld.io/specs/codecs/dag-pb/spec/ and docs/formats/dag_pb.md

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/ipld/cid.h"
#include "car/ipld/ipld_node.h"

namespace dagfs::car {

// Views into the node's block.
struct DagPbLink {
  CidView cid;
  // Raw bytes, seldom not UTF-8. Absent and empty are told apart because
  // DAG-JSON shows the difference.
  std::optional<std::string_view> name;
  std::optional<std::uint64_t> tsize;
};

// A decoded node. It keeps the block it looks into alive, and holds 24 bytes a
// link beside it. Immutable.
class DagPbNode {
 public:
  // kCorrupt: not as the specification says it: other fields or wire types,
  // Data twice or between links, a link without Hash, its fields out of order
  // or repeated. kExhausted: larger than kNodeSizeMax.
  static Result<DagPbNode> decode(Block block);

  std::size_t link_count() const { return links_.size(); }
  // `index` is below link_count().
  DagPbLink link(std::size_t index) const;
  // link(index).name, and "" where it is absent: for scans by name.
  std::string_view link_name(std::size_t index) const;

  // Absent and empty are told apart, as with names.
  std::optional<ByteView> data() const { return data_; }

 private:
  // Where a link's parts lie in the block, which is shorter than 4 GiB.
  struct StoredLink {
    std::uint32_t cid_at = 0;
    std::uint16_t cid_size = 0;
    bool has_name = false;
    bool has_tsize = false;
    std::uint32_t name_at = 0;
    std::uint32_t name_size = 0;
    std::uint64_t tsize = 0;
  };

  explicit DagPbNode(Block block) : block_(std::move(block)) {}
  Status add_link(ByteView encoded);
  std::uint32_t offset_of(ByteView part) const;

  Block block_;
  std::vector<StoredLink> links_;
  std::optional<ByteView> data_;
};

// The node in the data model: a map of Data, where there is any, and Links,
// each a map of Hash, Name and Tsize, where there are any. kExhausted: more
// values than kNodeValuesMax.
Result<IpldNode> ipld_node_of(const DagPbNode& node);

// A link for encode_dag_pb.
struct DagPbLinkToWrite {
  Cid cid;
  std::optional<std::string> name;
  std::optional<std::uint64_t> tsize;
};

// The canonical form: links first, ordered by the bytes of their names (those
// of equal names stay in order), then data.
Bytes encode_dag_pb(std::span<const DagPbLinkToWrite> links,
                    std::optional<ByteView> data);

}  // namespace dagfs::car
