// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/dag_pb.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "car/ipld/protobuf.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// Numbers of the fields in PBNode and PBLink.
constexpr std::uint32_t kNodeData = 1;
constexpr std::uint32_t kNodeLinks = 2;
constexpr std::uint32_t kLinkHash = 1;
constexpr std::uint32_t kLinkName = 2;
constexpr std::uint32_t kLinkTsize = 3;

Error wrong_dag_pb(std::string message) {
  return Error(ErrorCode::kCorrupt, std::move(message));
}

WireType link_field_type(std::uint32_t number) {
  return number == kLinkTsize ? WireType::kVarint : WireType::kBytes;
}

std::string description(const ProtobufField& field) {
  return fmt::format("field {} of wire type {}", field.number,
                     static_cast<unsigned>(field.type));
}

}  // namespace

Result<DagPbNode> DagPbNode::decode(Block block) {
  if (block->size() > kNodeSizeMax) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("dag-pb node of {} bytes, at most {} are decoded",
                             block->size(), kNodeSizeMax));
  }
  DagPbNode node(std::move(block));
  ProtobufReader reader(*node.block_);
  ProtobufField field;
  // Data may stand before the links or after them: encoders of long ago wrote
  // it first. It may not part them, or one node would have many encodings.
  bool links_ended = false;
  while (reader.next(&field)) {
    if (field.type != WireType::kBytes ||
        (field.number != kNodeData && field.number != kNodeLinks)) {
      return wrong_dag_pb("dag-pb node has " + description(field));
    }
    if (field.number == kNodeData) {
      if (node.data_) return wrong_dag_pb("dag-pb node has Data twice");
      node.data_ = field.bytes;
      links_ended = !node.links_.empty();
      continue;
    }
    if (links_ended)
      return wrong_dag_pb("dag-pb node has Data between its Links");
    Status added = node.add_link(field.bytes);
    if (!added.ok()) {
      return std::move(added).error().context(
          fmt::format("dag-pb link {}", node.links_.size()));
    }
  }
  DAGFS_TRY_CONTEXT(reader.status(), "dag-pb node");
  return node;
}

Status DagPbNode::add_link(ByteView encoded) {
  StoredLink link;
  ProtobufReader reader(encoded);
  ProtobufField field;
  std::uint32_t last_number = 0;
  while (reader.next(&field)) {
    if (field.number > kLinkTsize ||
        field.type != link_field_type(field.number)) {
      return wrong_dag_pb(description(field));
    }
    if (field.number <= last_number) {
      return wrong_dag_pb(
          fmt::format("field {} after field {}", field.number, last_number));
    }
    last_number = field.number;
    switch (field.number) {
      case kLinkHash: {
        ByteView rest = field.bytes;
        const CidView cid = DAGFS_TRY(read_cid_view(&rest));
        if (!rest.empty()) {
          return wrong_dag_pb(
              fmt::format("{} bytes follow its CID", rest.size()));
        }
        link.cid_at = offset_of(cid.bytes);
        link.cid_size = static_cast<std::uint16_t>(cid.bytes.size());
        break;
      }
      case kLinkName:
        link.has_name = true;
        link.name_at = offset_of(field.bytes);
        link.name_size = static_cast<std::uint32_t>(field.bytes.size());
        break;
      default:
        link.has_tsize = true;
        link.tsize = field.value;
        break;
    }
  }
  DAGFS_TRY(reader.status());
  if (link.cid_size == 0) return wrong_dag_pb("no Hash");
  links_.push_back(link);
  return ok_status();
}

std::uint32_t DagPbNode::offset_of(ByteView part) const {
  static_assert(kNodeSizeMax < ~std::uint32_t{0});
  return static_cast<std::uint32_t>(part.data() - block_->data());
}

DagPbLink DagPbNode::link(std::size_t index) const {
  assert(index < links_.size());
  const StoredLink& stored = links_[index];
  DagPbLink link;
  ByteView cid = ByteView(*block_).subspan(stored.cid_at, stored.cid_size);
  link.cid = read_cid_view(&cid).value();
  if (stored.has_name) link.name = link_name(index);
  if (stored.has_tsize) link.tsize = stored.tsize;
  return link;
}

std::string_view DagPbNode::link_name(std::size_t index) const {
  assert(index < links_.size());
  const StoredLink& stored = links_[index];
  return as_text(*block_).substr(stored.name_at, stored.name_size);
}

Result<IpldNode> ipld_node_of(const DagPbNode& node) {
  // Each link is a map of up to three values.
  if (node.link_count() > kNodeValuesMax / 4) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("dag-pb node of {} links, shown are at most {}",
                             node.link_count(), kNodeValuesMax / 4));
  }
  IpldNode::List links;
  links.reserve(node.link_count());
  for (std::size_t i = 0; i < node.link_count(); ++i) {
    const DagPbLink link = node.link(i);
    IpldNode::Map entries;
    entries.reserve(3);
    entries.push_back({"Hash", IpldNode::link(link.cid.to_cid())});
    if (link.name) {
      entries.push_back({"Name", IpldNode::string(std::string(*link.name))});
    }
    if (link.tsize) {
      entries.push_back(
          {"Tsize", IpldNode::integer({.argument = *link.tsize})});
    }
    links.push_back(IpldNode::map(std::move(entries)));
  }
  IpldNode::Map fields;
  if (const auto data = node.data()) {
    fields.push_back(
        {"Data", IpldNode::bytes(Bytes(data->begin(), data->end()))});
  }
  fields.push_back({"Links", IpldNode::list(std::move(links))});
  return IpldNode::map(std::move(fields));
}

Bytes encode_dag_pb(std::span<const DagPbLinkToWrite> links,
                    std::optional<ByteView> data) {
  const auto name = [](const DagPbLinkToWrite* link) {
    return link->name ? std::string_view(*link->name) : std::string_view();
  };
  std::vector<const DagPbLinkToWrite*> ordered;
  ordered.reserve(links.size());
  for (const DagPbLinkToWrite& link : links) ordered.push_back(&link);
  std::ranges::stable_sort(ordered, {}, name);

  Bytes out;
  Bytes encoded;
  for (const DagPbLinkToWrite* link : ordered) {
    encoded.clear();
    append_protobuf_bytes(kLinkHash, link->cid.bytes(), &encoded);
    if (link->name) {
      append_protobuf_bytes(kLinkName, as_bytes(*link->name), &encoded);
    }
    if (link->tsize) append_protobuf_varint(kLinkTsize, *link->tsize, &encoded);
    append_protobuf_bytes(kNodeLinks, encoded, &out);
  }
  if (data) append_protobuf_bytes(kNodeData, *data, &out);
  return out;
}

}  // namespace dagfs::car
