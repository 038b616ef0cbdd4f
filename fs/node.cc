// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/node.h"

namespace dagfs::fs {

Result<NodePtr> Node::lookup(std::string_view /*name*/) const {
  return Error(ErrorCode::kInvalidArgument, "not a directory");
}

Result<std::unique_ptr<DirectoryHandle>> Node::open_directory() const {
  return Error(ErrorCode::kInvalidArgument, "not a directory");
}

Result<std::string> Node::read_link() const {
  return Error(ErrorCode::kInvalidArgument, "not a symbolic link");
}

Result<std::unique_ptr<FileHandle>> Node::open_file() const {
  return Error(ErrorCode::kInvalidArgument, "not a regular file");
}

}  // namespace dagfs::fs
