// SPDX-License-Identifier: Apache-2.0 OR MIT

// A node that is read and written again reads as the same node, but for the
// order of its links, and writes the same bytes from then on.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "car/ipld/dag_pb.h"

namespace {

using dagfs::Bytes;
using dagfs::car::DagPbNode;

Bytes encode(const DagPbNode& node) {
  std::vector<dagfs::car::DagPbLinkToWrite> links(node.link_count());
  for (std::size_t i = 0; i < links.size(); ++i) {
    const dagfs::car::DagPbLink link = node.link(i);
    links[i].cid = link.cid.to_cid();
    if (link.name) links[i].name = std::string(*link.name);
    if (link.name.value_or("") != node.link_name(i)) std::abort();
    links[i].tsize = link.tsize;
  }
  return dagfs::car::encode_dag_pb(links, node.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto* const from = reinterpret_cast<const std::byte*>(data);
  const auto node =
      DagPbNode::decode(std::make_shared<const Bytes>(from, from + size));
  if (!node.ok()) return 0;

  const Bytes written = encode(*node);
  const auto again = DagPbNode::decode(std::make_shared<const Bytes>(written));
  if (!again.ok()) std::abort();
  if (again->link_count() != node->link_count()) std::abort();
  if (encode(*again) != written) std::abort();
  if (!dagfs::car::ipld_node_of(*node).ok()) std::abort();
  return 0;
}
