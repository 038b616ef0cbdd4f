// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/line_channel.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>

namespace dagfs::tools {
namespace {

// A request fits one read; a page of shards takes a few.
constexpr std::size_t kReadSize = std::size_t{64} << 10;

Result<std::size_t> receive(int socket, std::array<char, kReadSize>& buffer) {
  while (true) {
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == ECONNRESET) return std::size_t{0};
    if (errno != EINTR) return error_from_errno(errno, "read from the socket");
  }
}

}  // namespace

Result<std::optional<std::string>> LineChannel::read_line() {
  std::array<char, kReadSize> buffer;
  while (true) {
    const std::size_t newline = pending_.find('\n', searched_);
    if (newline != std::string::npos && newline < line_size_max_) {
      std::string line = pending_.substr(0, newline);
      pending_.erase(0, newline + 1);
      searched_ = 0;
      return std::optional<std::string>(std::move(line));
    }
    searched_ = pending_.size();
    if (newline != std::string::npos || pending_.size() >= line_size_max_) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("line is longer than {} bytes", line_size_max_));
    }
    const std::size_t count = DAGFS_TRY(receive(socket_.get(), buffer));
    if (count == 0 && pending_.empty()) return std::optional<std::string>();
    if (count == 0) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("connection ended inside a line, after {} bytes",
                               pending_.size()));
    }
    pending_.append(buffer.data(), count);
  }
}

Status LineChannel::write_line(std::string_view line) {
  std::string text(line);
  text.push_back('\n');
  std::string_view rest = text;
  while (!rest.empty()) {
    // MSG_NOSIGNAL: a reader that went away is an answer, not a SIGPIPE.
    const ssize_t count =
        ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const Error error = error_from_errno(errno, "write to the socket");
      const bool gone = errno == EPIPE || errno == ECONNRESET ||
                        errno == EAGAIN || errno == ENOTCONN;
      return gone ? Error(ErrorCode::kUnavailable, error.message()) : error;
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok_status();
}

Status LineChannel::set_write_timeout(std::chrono::seconds timeout) {
  const timeval value = {.tv_sec = timeout.count(), .tv_usec = 0};
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &value,
                   sizeof(value)) != 0) {
    return error_from_errno(errno, "set the socket's time limit");
  }
  return ok_status();
}

}  // namespace dagfs::tools
