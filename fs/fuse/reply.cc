// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/reply.h"

#include <cerrno>

#include "fs/fuse/errno_map.h"

namespace dagfs::fs {

FuseReply::~FuseReply() {
  if (pending_ != nullptr) std::move(*this).error(EIO);
}

fuse_req_t FuseReply::take() {
  const auto request = std::exchange(pending_, nullptr)->claim(id_);
  return request ? request->handle : nullptr;
}

void FuseReply::error(int error_number) && {
  if (fuse_req_t request = take()) fuse_reply_err(request, error_number);
}

void FuseReply::error(const Error& error) && {
  std::move(*this).error(errno_from(error));
}

bool FuseReply::entry(const fuse_entry_param& entry) && {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_entry(request, &entry) == 0;
}

bool FuseReply::open(const fuse_file_info& file) && {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_open(request, &file) == 0;
}

bool FuseReply::created(const fuse_entry_param& entry,
                        const fuse_file_info& file) && {
  fuse_req_t request = take();
  return request != nullptr && fuse_reply_create(request, &entry, &file) == 0;
}

void FuseReply::written(std::size_t size) && {
  if (fuse_req_t request = take()) fuse_reply_write(request, size);
}

void FuseReply::attributes(const struct stat& attributes, double timeout) && {
  if (fuse_req_t request = take()) {
    fuse_reply_attr(request, &attributes, timeout);
  }
}

void FuseReply::link_target(const std::string& target) && {
  if (fuse_req_t request = take()) fuse_reply_readlink(request, target.c_str());
}

void FuseReply::usage(const struct statvfs& usage) && {
  if (fuse_req_t request = take()) fuse_reply_statfs(request, &usage);
}

void FuseReply::attribute_size(std::size_t size) && {
  if (fuse_req_t request = take()) fuse_reply_xattr(request, size);
}

bool FuseReply::bytes(ByteView bytes) && {
  fuse_req_t request = take();
  return request != nullptr &&
         fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()),
                        bytes.size()) == 0;
}

bool FuseReply::pieces(std::span<const iovec> pieces) && {
  fuse_req_t request = take();
  return request != nullptr &&
         fuse_reply_iov(request, pieces.data(),
                        static_cast<int>(pieces.size())) == 0;
}

}  // namespace dagfs::fs
