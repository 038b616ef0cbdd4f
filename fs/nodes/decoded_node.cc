// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/decoded_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <numeric>
#include <optional>
#include <unordered_set>
#include <utility>

#include "car/ipld/dag_cbor.h"
#include "car/ipld/dag_json.h"

namespace dagfs::fs {
namespace {

using car::IpldEntry;
using car::IpldKind;
using car::IpldNode;

// Maps up to this size are searched entry by entry.
constexpr std::size_t kSearchedMax = 16;

// The place that `text` spells; nullopt unless it is spelled as listed.
std::optional<std::size_t> parse_place(std::string_view text) {
  std::size_t place = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, place);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return place;
}

Result<car::Cid> cid_of(const car::DagPbLink& link) {
  return car::Cid::from_bytes(link.cid.bytes);
}

// As the specification of dag-pb maps it to the data model.
Result<IpldNode> whole_node(const car::DagPbNode& node) {
  IpldNode::List links;
  for (std::size_t i = 0; i < node.link_count(); ++i) {
    const car::DagPbLink link = node.link(i);
    IpldNode::Map entry;
    entry.push_back({"Hash", IpldNode::link(DAGFS_TRY(cid_of(link)))});
    if (link.name) {
      entry.push_back({"Name", IpldNode::string(std::string(*link.name))});
    }
    if (link.tsize) {
      entry.push_back({"Tsize", IpldNode::integer({.argument = *link.tsize})});
    }
    links.push_back(IpldNode::map(std::move(entry)));
  }
  IpldNode::Map whole;
  if (const auto data = node.data()) {
    whole.push_back({"Data", IpldNode::bytes({data->begin(), data->end()})});
  }
  whole.push_back({"Links", IpldNode::list(std::move(links))});
  return IpldNode::map(std::move(whole));
}

Result<IpldNode> shown_links(const car::DagPbNode& node) {
  IpldNode::Map named;
  IpldNode::Map unnamed;
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < node.link_count(); ++i) {
    const std::string_view name = node.link_name(i);
    // Of repeated names the first counts.
    if (!name.empty() && !seen.insert(name).second) continue;
    IpldNode link = IpldNode::link(DAGFS_TRY(cid_of(node.link(i))));
    if (name.empty()) {
      unnamed.push_back({std::to_string(i), std::move(link)});
    } else {
      named.push_back({std::string(name), std::move(link)});
    }
  }
  if (!unnamed.empty()) {
    // A name that is not in the data: an empty one, which no link here has.
    named.push_back({"", IpldNode::map(std::move(unnamed))});
  }
  return IpldNode::map(std::move(named));
}

}  // namespace

Result<std::shared_ptr<const DecodedNode>> DecodedNode::load(
    const car::BlockSource& blocks, const car::Cid& cid) {
  car::Block block = DAGFS_TRY(blocks.get(cid));
  std::shared_ptr<DecodedNode> node(new DecodedNode());
  const std::string where = cid.to_string();
  switch (cid.codec()) {
    case car::Codec::kDagCbor:
      node->shown_ = DAGFS_TRY_CONTEXT(car::decode_dag_cbor(*block), where);
      break;
    case car::Codec::kDagJson:
      node->shown_ = DAGFS_TRY_CONTEXT(car::decode_dag_json(*block), where);
      break;
    case car::Codec::kDagPb: {
      const auto decoded =
          DAGFS_TRY_CONTEXT(car::DagPbNode::decode(std::move(block)), where);
      node->is_dag_pb_ = true;
      node->shown_ = DAGFS_TRY_CONTEXT(shown_links(decoded), where);
      node->whole_ = DAGFS_TRY_CONTEXT(whole_node(decoded), where);
      node->index(node->whole_);
      break;
    }
    default:
      return Error(ErrorCode::kUnsupported,
                   fmt::format("{}: {} is shown as bytes only", where,
                               name_of(cid.codec())));
  }
  node->index(node->shown_);
  return std::shared_ptr<const DecodedNode>(std::move(node));
}

// Also adds up the cost. The decoders bound the depth.
void DecodedNode::index(const IpldNode& value) {
  cost_ += sizeof(IpldNode);
  switch (value.kind()) {
    case IpldKind::kString: cost_ += value.as_string().size(); return;
    case IpldKind::kBytes: cost_ += value.as_bytes().size(); return;
    case IpldKind::kLink: cost_ += sizeof(car::Cid); return;
    case IpldKind::kList:
      for (const IpldNode& item : value.as_list()) index(item);
      return;
    case IpldKind::kMap: break;
    default: return;
  }
  const IpldNode::Map& map = value.as_map();
  for (const IpldEntry& entry : map) {
    cost_ += sizeof(std::string) + entry.key.size() + sizeof(std::uint32_t);
    index(entry.value);
  }
  if (map.size() <= kSearchedMax) return;
  std::vector<std::uint32_t>& order = by_key_[&value];
  order.resize(map.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::uint32_t i) -> const std::string& {
    return map[i].key;
  });
}

const IpldNode* DecodedNode::find(const ValuePath& path) const {
  const IpldNode* value = &shown_;
  for (const std::string& key : path) {
    value = find(*value, key);
    if (!value) return nullptr;
  }
  return value;
}

const IpldNode* DecodedNode::find(const IpldNode& parent,
                                  std::string_view key) const {
  if (parent.kind() == IpldKind::kList) {
    const auto place = parse_place(key);
    const IpldNode::List& list = parent.as_list();
    return place && *place < list.size() ? &list[*place] : nullptr;
  }
  const auto indexed = by_key_.find(&parent);
  if (indexed == by_key_.end()) return parent.find(key);
  const IpldNode::Map& map = parent.as_map();
  const auto key_at = [&](std::uint32_t i) -> std::string_view {
    return map[i].key;
  };
  const auto& order = indexed->second;
  const auto found = std::ranges::lower_bound(order, key, {}, key_at);
  if (found == order.end() || map[*found].key != key) return nullptr;
  return &map[*found].value;
}

std::string DecodedNode::json(const ValuePath& path) const {
  const IpldNode* value = is_dag_pb_ ? &whole_ : find(path);
  assert(value && "the caller saw it there");
  return car::dag_json_text(*value);
}

}  // namespace dagfs::fs
