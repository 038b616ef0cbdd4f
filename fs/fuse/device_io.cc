// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/device_io.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "fs/fuse/session_core.h"

namespace dagfs::fs {
namespace {

// Newer than the headers of Debian 12; values from Linux 6.9 and 6.6,
// include/uapi/linux/fuse.h.
constexpr std::uint64_t kPassthroughFlag = std::uint64_t{1} << 37;
constexpr std::uint64_t kDirectIoAllowMmapFlag = std::uint64_t{1} << 36;

struct BackingMap {
  std::int32_t fd;
  std::uint32_t flags;
  std::uint64_t padding;
};
constexpr unsigned long kBackingOpen = _IOW(229, 1, BackingMap);
constexpr unsigned long kBackingClose = _IOW(229, 2, std::uint32_t);

// The u32 after flags2 in the answer; unused[0] in these headers. One level:
// backing files lie on plain file systems, not on stacked ones.
constexpr std::size_t kStackDepthOffset = offsetof(fuse_init_out, unused);
constexpr std::uint32_t kStackDepth = 1;

ssize_t io_read(int /*fd*/, void* buffer, std::size_t size, void* owner) {
  return static_cast<SessionCore*>(owner)->device.read(buffer, size);
}

ssize_t io_write(int /*fd*/, iovec* pieces, int count, void* owner) {
  return static_cast<SessionCore*>(owner)->device.write(pieces, count);
}

}  // namespace

Status DeviceIo::attach(fuse_session* session) {
  // An own number for the same open device: sever() has to keep it taken, and
  // libfuse closes the one it has.
  fd_ = UniqueFd(::fcntl(fuse_session_fd(session), F_DUPFD_CLOEXEC, 3));
  if (!fd_) return error_from_errno(errno, "duplicate the FUSE device");

  nothing_ = UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing_) return error_from_errno(errno, "open /dev/null");

  // No splice functions: libfuse then never tries to splice.
  constexpr fuse_custom_io kIo = {.writev = io_write, .read = io_read};
  const int result =
      fuse_session_custom_io(session, &kIo, fuse_session_fd(session));
  if (result != 0)
    return error_from_errno(-result, "take over the FUSE device");
  return ok_status();
}

ssize_t DeviceIo::read(void* buffer, std::size_t size) {
  const ssize_t result = ::read(fd_.get(), buffer, size);
  if (result > 0 && is_init_pending_.load(std::memory_order_relaxed)) {
    note_init_request(buffer, static_cast<std::size_t>(result));
  }
  return result;
}

void DeviceIo::note_init_request(const void* request, std::size_t size) {
  fuse_in_header header = {};
  fuse_init_in init = {};
  if (size < sizeof(header) + sizeof(init)) return;
  std::memcpy(&header, request, sizeof(header));
  if (header.opcode != FUSE_INIT) return;

  std::memcpy(&init, static_cast<const std::byte*>(request) + sizeof(header),
              sizeof(init));
  offered_flags_ = init.flags;
  // Without INIT_EXT the kernel does not know the upper half.
  if ((init.flags & FUSE_INIT_EXT) != 0) {
    offered_flags_ = init.flags | (std::uint64_t{init.flags2} << 32);
  }
}

void DeviceIo::amend_init_answer(const iovec& body) {
  std::uint64_t wanted = FUSE_PARALLEL_DIROPS | FUSE_INIT_EXT;
  if (is_direct_mmap_wanted_) wanted |= kDirectIoAllowMmapFlag;
  if (is_passthrough_wanted_) wanted |= kPassthroughFlag;
  wanted &= offered_flags_;

  fuse_init_out answer = {};
  static_assert(sizeof(answer) == 64);
  std::memcpy(&answer, body.iov_base, sizeof(answer));
  // The kernel refuses passthrough beside a write-back cache.
  if ((answer.flags & FUSE_WRITEBACK_CACHE) != 0) wanted &= ~kPassthroughFlag;
  answer.flags |= static_cast<std::uint32_t>(wanted);
  answer.flags2 |= static_cast<std::uint32_t>(wanted >> 32);
  std::memcpy(body.iov_base, &answer, sizeof(answer));
  has_direct_mmap_ = (wanted & kDirectIoAllowMmapFlag) != 0;
  if ((wanted & kPassthroughFlag) != 0) {
    std::memcpy(static_cast<std::byte*>(body.iov_base) + kStackDepthOffset,
                &kStackDepth, sizeof(kStackDepth));
    has_passthrough_ = true;
  }
}

ssize_t DeviceIo::write(iovec* pieces, int count) {
  // The first answer of its size can only be the one to INIT: nothing else is
  // asked before it.
  if (is_init_pending_.load(std::memory_order_relaxed)) {
    if (count == 2 && pieces[1].iov_len == sizeof(fuse_init_out)) {
      amend_init_answer(pieces[1]);
    }
    is_init_pending_ = false;
  }
  const ssize_t result = ::writev(fd_.get(), pieces, count);
  if (result >= 0) return result;

  if (errno != ENOENT && errno != ENODEV) refuse(pieces[0]);
  errno = ENOENT;
  return -1;
}

void DeviceIo::refuse(const iovec& header) {
  fuse_out_header refusal = {};
  std::memcpy(&refusal, header.iov_base, sizeof(refusal));
  if (refusal.unique == 0) return;  // A notification: nobody waits.

  refusal.error = -EIO;
  refusal.len = sizeof(refusal);
  [[maybe_unused]] const ssize_t ignored =
      ::write(fd_.get(), &refusal, sizeof(refusal));
}

Result<std::int32_t> DeviceIo::open_backing(int fd) {
  BackingMap map = {.fd = fd, .flags = 0, .padding = 0};
  const int id = ::ioctl(fd_.get(), kBackingOpen, &map);
  if (id <= 0) return error_from_errno(errno, "register a backing file");
  return id;
}

void DeviceIo::close_backing(std::int32_t id) {
  auto number = static_cast<std::uint32_t>(id);
  ::ioctl(fd_.get(), kBackingClose, &number);
}

void DeviceIo::sever() { ::dup3(nothing_.get(), fd_.get(), O_CLOEXEC); }

}  // namespace dagfs::fs
