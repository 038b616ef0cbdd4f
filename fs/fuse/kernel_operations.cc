// SPDX-License-Identifier: Apache-2.0 OR MIT

// The table of operations, and those that have no more to them than an errno.

#include <spdlog/spdlog.h>

#include <cerrno>
#include <exception>
#include <optional>
#include <utility>

#include "fs/fuse/callbacks.h"

namespace dagfs::fs {
namespace {

// What may wait in the kernel for answers, read-ahead above all. The kernel
// counts it for the whole mount: with its default of 12, one hung shard would
// take all places, and no other could be read ahead. Half of what the field
// can hold; each costs the kernel memory only while it waits.
constexpr unsigned kBackgroundMax = 32768;

// The only door between libfuse's C and our C++. None of our code throws, but
// the library may (std::bad_alloc): unwinding makes the reply answer EIO, and
// the daemon lives on, for its death would take every mounted file with it.
template <auto Operation, typename... Args>
void enter(fuse_req_t request, Args... args) noexcept {
  auto& core = *static_cast<SessionCore*>(fuse_req_userdata(request));
  std::optional<FuseReply> reply;
  try {
    reply.emplace(core.pending, SessionCore::current_request(), request);
    (Callbacks(core).*Operation)(*std::move(reply), args...);
  } catch (const std::exception& exception) {
    spdlog::error("request abandoned: {}", exception.what());
    if (!reply) fuse_reply_err(request, ENOMEM);
  }
}

// Answers that nothing waits for and nobody can be faster with.
template <int ErrorNumber, typename... Args>
void refuse(fuse_req_t request, Args... /*args*/) noexcept {
  fuse_reply_err(request, ErrorNumber);
}

void forget(fuse_req_t request, fuse_ino_t inode, std::uint64_t count) {
  auto* core = static_cast<SessionCore*>(fuse_req_userdata(request));
  core->inodes.forget(NodeId{inode}, count);
  fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count,
                  fuse_forget_data* forgets) {
  auto* core = static_cast<SessionCore*>(fuse_req_userdata(request));
  for (std::size_t i = 0; i < count; ++i) {
    core->inodes.forget(NodeId{forgets[i].ino}, forgets[i].nlookup);
  }
  fuse_reply_none(request);
}

void init(void* /*core*/, fuse_conn_info* connection) {
  connection->max_read = kReadSizeMax;
  connection->max_write = kReadSizeMax;
  connection->max_background = kBackgroundMax;
  connection->congestion_threshold = kBackgroundMax / 4 * 3;
  connection->time_gran = 1;
  // libfuse asks by itself for what else is wanted: asynchronous reads,
  // parallel directory operations, attributes with the names of a listing where
  // the kernel thinks they will be asked for.
  connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS;
  connection->want &= ~static_cast<unsigned>(
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
      FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_EXPORT_SUPPORT |
      // Without it the kernel takes set-user-ID bits off by itself.
      FUSE_CAP_HANDLE_KILLPRIV);
}

}  // namespace

// Left out on purpose, for the kernel to do by itself: locks, access (it checks
// permissions from the attributes), poll, lseek with holes (it takes files to
// have none), bmap, and copy_file_range, which it turns into reads and writes.
const fuse_lowlevel_ops& kernel_operations() {
  static const fuse_lowlevel_ops kOperations = {
      .init = init,
      .lookup = enter<&Callbacks::lookup>,
      .forget = forget,
      .getattr = enter<&Callbacks::getattr>,
      .setattr = enter<&Callbacks::setattr>,
      .readlink = enter<&Callbacks::readlink>,
      .mknod = enter<&Callbacks::mknod>,
      .mkdir = enter<&Callbacks::mkdir>,
      .unlink = enter<&Callbacks::unlink>,
      .rmdir = enter<&Callbacks::rmdir>,
      .symlink = enter<&Callbacks::symlink>,
      .rename = enter<&Callbacks::rename>,
      .link = enter<&Callbacks::link>,
      .open = enter<&Callbacks::open>,
      .read = enter<&Callbacks::read>,
      .write = enter<&Callbacks::write>,
      .flush = enter<&Callbacks::flush>,
      .release = enter<&Callbacks::release>,
      .fsync = enter<&Callbacks::fsync>,
      .opendir = enter<&Callbacks::opendir>,
      .readdir = enter<&Callbacks::readdir>,
      .releasedir = enter<&Callbacks::releasedir>,
      .fsyncdir = enter<&Callbacks::fsyncdir>,
      .statfs = enter<&Callbacks::statfs>,
      .setxattr = enter<&Callbacks::setxattr>,
      .getxattr = enter<&Callbacks::getxattr>,
      .listxattr = enter<&Callbacks::listxattr>,
      .removexattr = enter<&Callbacks::removexattr>,
      .create = enter<&Callbacks::create>,
      .ioctl = refuse<ENOTTY>,
      .forget_multi = forget_multi,
      .fallocate = enter<&Callbacks::fallocate>,
      .readdirplus = enter<&Callbacks::readdirplus>,
  };
  return kOperations;
}

}  // namespace dagfs::fs
