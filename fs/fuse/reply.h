// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <fuse_lowlevel.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include "car/base/bytes.h"
#include "car/base/error.h"
#include "fs/fuse/pending_table.h"

namespace dagfs::fs {

// The duty to answer one kernel request: move-only, and it answers at most
// once, as an interrupt may have been faster. A reply dropped on some path
// would hang the calling process for good, so the destructor answers EIO.
//
// Release every lock before answering. The answer may be the kernel's last
// interest in an inode, and its forget() can run before the call returns.
//
// Answers that hand something to the kernel say whether it arrived: when not,
// nobody will give it back, and the caller must.
class FuseReply {
 public:
  // `pending` must outlive the reply.
  FuseReply(PendingTable& pending, RequestId id, fuse_req_t handle)
      : pending_(&pending), id_(id), caller_(*fuse_req_ctx(handle)) {
    pending.add(id, handle);
  }
  FuseReply(FuseReply&& other) noexcept
      : pending_(std::exchange(other.pending_, nullptr)),
        id_(other.id_),
        caller_(other.caller_) {}
  FuseReply& operator=(FuseReply&&) = delete;
  FuseReply(const FuseReply&) = delete;
  FuseReply& operator=(const FuseReply&) = delete;
  ~FuseReply();

  // Somebody else has answered.
  bool is_answered() const { return !pending_->contains(id_); }
  // Says where the request is about to wait.
  void waits_in(const std::shared_ptr<Lane>& lane) {
    pending_->set_lane(id_, lane);
  }
  // See PendingTable::begin_change().
  std::optional<std::stop_token> begin_change() {
    return pending_->begin_change(id_);
  }

  // Who asks.
  const fuse_ctx& caller() const { return caller_; }

  void error(int error_number) &&;
  void error(const Error& error) &&;
  void done() && { std::move(*this).error(0); }

  bool entry(const fuse_entry_param& entry) &&;
  bool open(const fuse_file_info& file) &&;
  bool created(const fuse_entry_param& entry, const fuse_file_info& file) &&;
  void written(std::size_t size) &&;
  void attributes(const struct stat& attributes, double timeout) &&;
  void link_target(const std::string& target) &&;
  void usage(const struct statvfs& usage) &&;
  void attribute_size(std::size_t size) &&;
  bool bytes(ByteView bytes) &&;
  // What the pieces point to may turn out not to be there (a mapped file that
  // was cut): the reader then gets EIO.
  bool pieces(std::span<const iovec> pieces) &&;

 private:
  // Null where somebody else has answered.
  fuse_req_t take();

  PendingTable* pending_;
  RequestId id_;
  fuse_ctx caller_;
};

}  // namespace dagfs::fs
