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

void Callbacks::open(FuseReply reply, fuse_ino_t inode, fuse_file_info* file) {
  if ((file->flags & O_ACCMODE) != O_RDONLY || (file->flags & O_TRUNC) != 0) {
    return std::move(reply).error(EROFS);
  }
  const NodePtr node = core_.inodes.find(NodeId{inode});
  if (node == nullptr) return std::move(reply).error(ESTALE);

  core_.run_in(node->lane(), std::move(reply),
               [core = &core_, node, inode](FuseReply answer) {
                 Callbacks(*core).finish_open(std::move(answer), NodeId{inode},
                                              *node);
               });
}

void Callbacks::finish_open(FuseReply reply, NodeId inode, const Node& node) {
  auto opened = node.open_file();
  if (!opened.ok()) return core_.fail(std::move(reply), "open", opened.error());

  auto file = std::make_shared<OpenFile>();
  file->inode = inode;
  file->lane = node.lane();
  file->handle = std::move(opened).value();
  const auto backing =
      core_.backing.open(inode, file->handle->passthrough_fd());
  const bool is_direct = file->handle->direct_io();
  const std::uint64_t number = core_.files.add(std::move(file));

  bool has_arrived = false;
  if (backing) {
    const PassthroughOpen answer = {.handle = number,
                                    .flags = kOpenPassthrough | FOPEN_NOFLUSH,
                                    .backing = *backing};
    RequestCounters::add(core_.options.counters->passthrough_opens);
    has_arrived = std::move(reply).bytes(
        {reinterpret_cast<const std::byte*>(&answer), sizeof(answer)});
  } else {
    fuse_file_info answer = {};
    answer.fh = number;
    answer.noflush = 1;
    answer.direct_io = is_direct;
    answer.keep_cache = !is_direct && node.caching() == Caching::kForever;
    has_arrived = std::move(reply).open(answer);
  }
  if (!has_arrived) close_file(number);
}

void Callbacks::close_file(std::uint64_t number) {
  if (const auto file = core_.files.remove(number)) {
    core_.backing.close(file->inode);
  }
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
  if (!confirmed.ok()) core_.notifier.drop_pages(file.inode);
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

void Callbacks::flush(FuseReply reply, fuse_ino_t /*inode*/,
                      fuse_file_info* /*file*/) {
  std::move(reply).done();
}

void Callbacks::release(FuseReply reply, fuse_ino_t /*inode*/,
                        fuse_file_info* file) {
  close_file(file->fh);
  std::move(reply).done();
}

}  // namespace dagfs::fs
