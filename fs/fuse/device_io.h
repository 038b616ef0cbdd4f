// SPDX-License-Identifier: Apache-2.0 OR MIT

// The session's end of /dev/fuse, and what libfuse 3.14 cannot say through it.

#pragma once

#include <fuse_lowlevel.h>

#include <atomic>
#include <cstdint>

#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::fs {

// Reads requests and writes answers for libfuse, changing one of them: the
// answer to INIT, where the kernel offered it, also says that this side can do
//   * FUSE passthrough, and shared mappings of uncached files, which Debian's
//     libfuse 3.14 does not know;
//   * several look-ups in one directory at a time, which it knows and asks for
//     but forgets to send: a look-up that hangs would hold up the directory.
//
// Thread-safe after attach().
class DeviceIo {
 public:
  DeviceIo() = default;
  DeviceIo(const DeviceIo&) = delete;
  DeviceIo& operator=(const DeviceIo&) = delete;

  // Takes over reading and writing for `session`, which is mounted and whose
  // user data is the SessionCore that holds this. Must outlive the session.
  Status attach(fuse_session* session);

  // Whether to ask for what the kernel may have. Set before the first request.
  void want_passthrough(bool wanted) { is_passthrough_wanted_ = wanted; }
  void want_direct_mmap(bool wanted) { is_direct_mmap_wanted_ = wanted; }
  // Whether kernel and session agreed on it; known after INIT.
  bool has_passthrough() const { return has_passthrough_; }
  // The same for shared mappings of uncached files.
  bool has_direct_mmap() const { return has_direct_mmap_; }

  // Bytes read, or -1 and errno.
  ssize_t read(void* buffer, std::size_t size);
  // Bytes written, or -1 and errno. Every failure is told as ENOENT, which
  // libfuse takes as "nobody waits any more" and keeps quiet about; a request
  // that did wait has got EIO, as where a piece of its answer could not be
  // read.
  ssize_t write(iovec* pieces, int count);

  // Has the kernel hold an inode's reads to `fd`. The number by which answers
  // to open() name it; kIo where the kernel refuses (EPERM without
  // CAP_SYS_ADMIN).
  Result<std::int32_t> open_backing(int fd);
  void close_backing(std::int32_t id);

  // Lets the connection go, for good: reads give end of file and writes
  // vanish. The number of the descriptor stays taken, so that a thread which
  // wakes up late cannot write into somebody else's file.
  void sever();

 private:
  void note_init_request(const void* request, std::size_t size);
  void amend_init_answer(const iovec& body);
  void refuse(const iovec& header);

  UniqueFd fd_;
  UniqueFd nothing_;  // /dev/null, opened while that cannot fail unnoticed.
  bool is_passthrough_wanted_ = true;
  bool is_direct_mmap_wanted_ = true;

  // Atomic, because INIT may be read by one thread and its outcome asked for by
  // another.
  std::atomic<bool> is_init_pending_ = true;
  std::atomic<std::uint64_t> offered_flags_ = 0;
  std::atomic<bool> has_passthrough_ = false;
  std::atomic<bool> has_direct_mmap_ = false;
};

}  // namespace dagfs::fs
