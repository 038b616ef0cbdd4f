// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/symlink_node.h"

#include <fmt/format.h>

#include <utility>

namespace dagfs::fs {
namespace {

Attributes link_attributes(const car::UnixfsNode& node) {
  Attributes attributes = attributes_of(node, NodeType::kSymlink);
  attributes.size = node.data.size();
  return attributes;
}

}  // namespace

SymlinkNode::SymlinkNode(DagPlace place, const car::Cid& cid,
                         const car::UnixfsNode& node)
    : DagNode(std::move(place), cid, link_attributes(node)) {
  const std::string_view target = as_text(node.data);
  if (target.size() > kLinkTargetSizeMax) {
    error_ = fmt::format("{}: a link's target of {} bytes; {} can be shown",
                         cid.to_string(), target.size(), kLinkTargetSizeMax);
  } else if (target.find('\0') != std::string_view::npos) {
    error_ = fmt::format("{}: a link's target with a NUL", cid.to_string());
  } else {
    target_ = target;
  }
}

Result<std::string> SymlinkNode::read_link() const {
  if (error_.empty()) return target_;
  return Error(ErrorCode::kUnsupported, error_);
}

}  // namespace dagfs::fs
