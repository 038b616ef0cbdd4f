// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/writable_node.h"

#include <cerrno>

namespace dagfs::fs {

Status WritableNode::set_attribute(std::string_view /*name*/,
                                   std::string_view /*value*/,
                                   AttributeMode /*mode*/) const {
  return refusal(EOPNOTSUPP, "set an extended attribute");
}

Status WritableNode::remove_attribute(std::string_view /*name*/) const {
  return refusal(EOPNOTSUPP, "remove an extended attribute");
}

Result<std::optional<Usage>> WritableNode::usage() const {
  return std::optional<Usage>();
}

Result<std::unique_ptr<FileHandle>> WritableNode::open(
    OpenRequest /*request*/) const {
  return refusal(EISDIR, "open");
}

Result<std::unique_ptr<FileHandle>> WritableNode::open_file() const {
  return open({});
}

Result<CreatedFile> WritableNode::create_file(const NewEntry& /*entry*/,
                                              OpenRequest /*request*/,
                                              IfExists /*if_exists*/) const {
  return refusal(ENOTDIR, "create a file");
}

Result<NodePtr> WritableNode::create_directory(
    const NewEntry& /*entry*/) const {
  return refusal(ENOTDIR, "create a directory");
}

Result<NodePtr> WritableNode::create_symlink(
    const NewEntry& /*entry*/, std::string_view /*target*/) const {
  return refusal(ENOTDIR, "create a symbolic link");
}

Status WritableNode::remove_file(std::string_view /*name*/) const {
  return refusal(ENOTDIR, "remove a file");
}

Status WritableNode::remove_directory(std::string_view /*name*/) const {
  return refusal(ENOTDIR, "remove a directory");
}

Status WritableNode::rename(const Renaming& /*renaming*/) const {
  return refusal(ENOTDIR, "rename");
}

}  // namespace dagfs::fs
