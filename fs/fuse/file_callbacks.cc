// SPDX-License-Identifier: Apache-2.0 OR MIT

// Callbacks for open files.

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>
#include <utility>
#include <vector>

#include "fs/fuse/callbacks.h"

namespace dagfs::fs {
namespace {

// From Linux 6.9, include/uapi/linux/fuse.h.
constexpr std::uint32_t kOpenPassthrough = 1 << 7;

// The answer to OPEN with the field that libfuse 3.14 takes for padding.
struct PassthroughOpen {
  std::uint64_t handle;
  std::uint32_t flags;
  std::int32_t backing;
};
static_assert(sizeof(PassthroughOpen) == sizeof(fuse_open_out));

// One is the header's.
constexpr std::size_t kGatheredMax = IOV_MAX - 1;

// The bytes of `pieces` in one stretch; nullopt where one is not to be had.
// Read by the kernel, as writev() would: a page of a mapped file that was cut
// is then an error, not a SIGBUS.
std::optional<Bytes> gather(const std::vector<iovec>& pieces) {
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  Bytes bytes(size);
  std::size_t filled = 0;
  for (std::size_t first = 0; first < pieces.size(); first += kGatheredMax) {
    const std::size_t count = std::min(kGatheredMax, pieces.size() - first);
    std::size_t wanted = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      wanted += pieces[i].iov_len;
    }
    iovec to = {.iov_base = bytes.data() + filled, .iov_len = wanted};
    const ssize_t moved =
        ::process_vm_readv(::getpid(), &to, 1, &pieces[first], count, 0);
    if (moved < 0 || static_cast<std::size_t>(moved) != wanted) {
      return std::nullopt;
    }
    filled += wanted;
  }
  return bytes;
}

}  // namespace

OpenRequest open_request(int flags) {
  OpenRequest request;
  switch (flags & O_ACCMODE) {
    case O_WRONLY: request.access = Access::kWrite; break;
    case O_RDWR: request.access = Access::kReadWrite; break;
    default: break;
  }
  request.truncate = (flags & O_TRUNC) != 0;
  return request;
}

void Callbacks::open(FuseReply reply, fuse_ino_t inode, fuse_file_info* file) {
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  const OpenRequest request = open_request(file->flags);
  if (node->writable() == nullptr &&
      (request.access != Access::kRead || request.truncate)) {
    return std::move(reply).error(EROFS);
  }
  const auto open_now = [core = &core_, node, inode,
                         request](FuseReply answer) {
    Callbacks(*core).finish_open(std::move(answer), NodeId{inode}, *node,
                                 request);
  };
  if (!request.truncate) {
    return core_.run_in(node->lane(), std::move(reply), open_now);
  }
  core_.change_in(node->lane(), std::move(reply),
                  [open_now](FuseReply answer, const std::stop_token&) {
                    open_now(std::move(answer));
                  });
}

void Callbacks::finish_open(FuseReply reply, NodeId inode, const Node& node,
                            OpenRequest request) {
  const WritableNode* writable = node.writable();
  auto opened =
      writable != nullptr ? writable->open(request) : node.open_file();
  if (!opened.ok()) return core_.fail(std::move(reply), "open", opened.error());

  const Registered file =
      register_file(inode, node, std::move(opened).value(), request.access);
  bool has_arrived = false;
  if (file.backing) {
    const PassthroughOpen answer = {.handle = file.answer.fh,
                                    .flags = kOpenPassthrough | FOPEN_NOFLUSH,
                                    .backing = *file.backing};
    RequestCounters::add(core_.options.counters->passthrough_opens);
    has_arrived = std::move(reply).bytes(
        {reinterpret_cast<const std::byte*>(&answer), sizeof(answer)});
  } else {
    has_arrived = std::move(reply).open(file.answer);
  }
  if (!has_arrived) close_file(file.answer.fh);
}

Callbacks::Registered Callbacks::register_file(
    NodeId inode, const Node& node, std::unique_ptr<FileHandle> handle,
    Access access) {
  const bool is_writable = node.writable() != nullptr;
  Registered file;
  // Without shared mappings a file that is written is better off in the page
  // cache: programs that map what they write are many.
  file.answer.direct_io =
      handle->direct_io() && (!is_writable || core_.device.has_direct_mmap());
  file.answer.keep_cache =
      !file.answer.direct_io && node.caching() == Caching::kForever;
  file.answer.noflush = access == Access::kRead;
  // Whatever is written must come by here.
  file.backing =
      core_.backing.open(inode, is_writable ? -1 : handle->passthrough_fd());

  auto opened = std::make_shared<OpenFile>();
  opened->inode = inode;
  opened->lane = node.lane();
  opened->handle = std::move(handle);
  opened->closes_in_lane = is_writable;
  file.answer.fh = core_.files.add(std::move(opened));
  return file;
}

std::shared_ptr<OpenFile> Callbacks::close_file(std::uint64_t number) {
  auto file = core_.files.remove(number);
  if (file != nullptr) core_.backing.close(file->inode);
  return file;
}

void Callbacks::read(FuseReply reply, fuse_ino_t /*inode*/, std::size_t size,
                     off_t offset, fuse_file_info* file) {
  const auto opened = core_.files.find(file->fh);
  if (opened == nullptr) return std::move(reply).error(EBADF);

  const ByteRange range{.offset = static_cast<std::uint64_t>(offset),
                        .size = size};
  core_.run_in(opened->lane, std::move(reply),
               [core = &core_, opened, range](FuseReply answer) {
                 Callbacks(*core).read_and_confirm(std::move(answer), *opened,
                                                   range);
               });
}

void Callbacks::read_and_confirm(FuseReply reply, OpenFile& file,
                                 ByteRange range) {
  ReadBuffers buffers;
  const Status status = file.handle->read(range, &buffers);
  if (!status.ok()) return core_.fail(std::move(reply), "read", status.error());
  if (!send(std::move(reply), std::move(buffers))) return;

  const Status confirmed = file.handle->confirm();
  if (!confirmed.ok()) return core_.notifier.drop_pages(file.inode);
  file.handle->read_ahead();
}

bool Callbacks::send(FuseReply reply, ReadBuffers buffers) {
  std::uint64_t size = 0;
  for (const iovec& piece : buffers.pieces) size += piece.iov_len;
  RequestCounters::add(core_.options.counters->bytes_read, size);
  if (buffers.pieces.size() <= kGatheredMax) {
    return std::move(reply).pieces(buffers.pieces);
  }
  const auto bytes = gather(buffers.pieces);
  if (!bytes) {
    std::move(reply).error(EIO);
    return false;
  }
  return std::move(reply).bytes(*bytes);
}

void Callbacks::release(FuseReply reply, fuse_ino_t /*inode*/,
                        fuse_file_info* file) {
  auto closed = close_file(file->fh);
  if (closed == nullptr || !closed->closes_in_lane) {
    return std::move(reply).done();
  }
  const auto lane = closed->lane;
  core_.run_in(lane, std::move(reply),
               [closed = std::move(closed)](FuseReply answer) mutable {
                 closed.reset();
                 std::move(answer).done();
               });
}

}  // namespace dagfs::fs
