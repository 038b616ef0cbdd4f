// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/node.h"

#include <cerrno>

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

Result<std::size_t> FileHandle::write(std::uint64_t /*offset*/,
                                      WrittenBytes /*bytes*/,
                                      const std::stop_token& /*given_up*/) {
  return refusal(EBADF, "write");
}

Status FileHandle::truncate(std::uint64_t /*size*/) {
  return refusal(EBADF, "truncate");
}

Status FileHandle::allocate(ByteRange /*range*/, int /*flags*/) {
  return refusal(EOPNOTSUPP, "allocate");
}

}  // namespace dagfs::fs
