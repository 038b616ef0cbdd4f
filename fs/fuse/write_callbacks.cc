// SPDX-License-Identifier: Apache-2.0 OR MIT

// Callbacks for files that are open for writing.

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "fs/fuse/callbacks.h"

namespace dagfs::fs {
namespace {

// What a program that opened with O_SYNC or O_DSYNC wants of each write. The
// kernel does that for files in its cache only.
Status sync_if_wanted(FileHandle& handle, int open_flags) {
  if ((open_flags & O_DSYNC) == 0) return ok_status();
  return handle.sync((open_flags & O_SYNC) == O_SYNC
                         ? SyncDepth::kDataAndAttributes
                         : SyncDepth::kData);
}

}  // namespace

void Callbacks::write(FuseReply reply, fuse_ino_t /*inode*/, const char* bytes,
                      std::size_t size, off_t offset, fuse_file_info* file) {
  auto opened = core_.files.find(file->fh);
  if (opened == nullptr) return std::move(reply).error(EBADF);

  // What the kernel's cache writes back belongs to whoever has the file open.
  const int flags = file->writepage != 0 ? 0 : file->flags;
  const auto at = static_cast<std::uint64_t>(offset);
  const auto lane = opened->lane;
  core_.change_in(
      lane, std::move(reply),
      [core = &core_, opened = std::move(opened), at, flags,
       payload = core_.keep_payload(as_bytes({bytes, size}))](
          FuseReply answer, const std::stop_token& given_up) mutable {
        const auto written =
            opened->handle->write(at, std::move(payload), given_up);
        if (!written.ok()) {
          return core->fail(std::move(answer), "write", written.error());
        }
        const Status synced = sync_if_wanted(*opened->handle, flags);
        if (!synced.ok()) {
          return core->fail(std::move(answer), "write", synced.error());
        }
        RequestCounters::add(core->options.counters->bytes_written, *written);
        std::move(answer).written(*written);
      });
}

void Callbacks::flush(FuseReply reply, fuse_ino_t /*inode*/,
                      fuse_file_info* file) {
  auto opened = core_.files.find(file->fh);
  if (opened == nullptr) return std::move(reply).error(EBADF);

  const auto lane = opened->lane;
  core_.run_in(lane, std::move(reply),
               [core = &core_, opened = std::move(opened)](FuseReply answer) {
                 const Status flushed = opened->handle->flush();
                 if (!flushed.ok()) {
                   return core->fail(std::move(answer), "flush",
                                     flushed.error());
                 }
                 std::move(answer).done();
               });
}

void Callbacks::fsync(FuseReply reply, fuse_ino_t /*inode*/, int data_only,
                      fuse_file_info* file) {
  auto opened = core_.files.find(file->fh);
  if (opened == nullptr) return std::move(reply).error(EBADF);

  const SyncDepth depth =
      data_only != 0 ? SyncDepth::kData : SyncDepth::kDataAndAttributes;
  const auto lane = opened->lane;
  core_.run_in(
      lane, std::move(reply),
      [core = &core_, opened = std::move(opened), depth](FuseReply answer) {
        const Status synced = opened->handle->sync(depth);
        if (!synced.ok()) {
          return core->fail(std::move(answer), "fsync", synced.error());
        }
        std::move(answer).done();
      });
}

void Callbacks::fallocate(FuseReply reply, fuse_ino_t /*inode*/, int flags,
                          off_t offset, off_t size, fuse_file_info* file) {
  auto opened = core_.files.find(file->fh);
  if (opened == nullptr) return std::move(reply).error(EBADF);

  const ByteRange range{.offset = static_cast<std::uint64_t>(offset),
                        .size = static_cast<std::uint64_t>(size)};
  const auto lane = opened->lane;
  core_.change_in(lane, std::move(reply),
                  [core = &core_, opened = std::move(opened), range, flags](
                      FuseReply answer, const std::stop_token& /*given_up*/) {
                    const Status done = opened->handle->allocate(range, flags);
                    if (!done.ok()) {
                      return core->fail(std::move(answer), "fallocate",
                                        done.error());
                    }
                    std::move(answer).done();
                  });
}

}  // namespace dagfs::fs
