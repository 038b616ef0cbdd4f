// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/ipld_names.h"

namespace dagfs::fs {
namespace {

constexpr std::array<std::string_view, 2> kReserved = {kNodeJson,
                                                       kUnnamedLinks};

}  // namespace

IpldNames::IpldNames(const DecodedNode& node, const ValuePath& path,
                     const car::IpldNode& parent)
    : node_(node),
      parent_(parent),
      // The numbered links of a dag-pb node are no value of the data.
      has_json_(!node.is_dag_pb() || path.empty()),
      has_unnamed_links_(node.is_dag_pb() && path.empty() &&
                         node.find(parent, "") != nullptr) {}

std::optional<std::string> IpldNames::show(std::string_view key) const {
  if (is_unnamed_links(key)) return std::string(kUnnamedLinks);
  if (!needs_escape(key, reserved())) return std::string(key);
  std::string shown = show_name(key, reserved());
  if (node_.find(parent_, shown)) return std::nullopt;
  return shown;
}

std::optional<std::string> IpldNames::key_of(std::string_view name) const {
  if (has_unnamed_links_ && name == kUnnamedLinks) return std::string();
  if (!needs_escape(name, reserved()) && node_.find(parent_, name)) {
    return std::string(name);
  }
  if (auto raw = raw_name_of(name, reserved())) {
    if (is_unnamed_links(*raw) || !node_.find(parent_, *raw)) {
      return std::nullopt;
    }
    return raw;
  }
  if (may_be_shortened(name)) return find_shortened(name);
  return std::nullopt;
}

ReservedNames IpldNames::reserved() const {
  const ReservedNames all(kReserved);
  if (has_unnamed_links_) return all;
  return has_json_ ? all.first(1) : all.first(0);
}

std::optional<std::string> IpldNames::find_shortened(
    std::string_view name) const {
  if (parent_.kind() != car::IpldKind::kMap) return std::nullopt;
  for (const car::IpldEntry& entry : parent_.as_map()) {
    if (needs_escape(entry.key, reserved()) &&
        show_name(entry.key, reserved()) == name) {
      return entry.key;
    }
  }
  return std::nullopt;
}

}  // namespace dagfs::fs
