// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/rpc_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <system_error>

#include "tools/rpc/json_rpc.h"
#include "tools/rpc/line_channel.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/store_methods.h"

namespace dagfs::tools {
namespace {

// Commands are run by people and scripts: a thread each is affordable, and
// more than this at once is a script gone wrong.
constexpr std::size_t kConnectionsMax = 64;

// A client that asks and does not read its answer for this long is dropped.
constexpr std::chrono::seconds kWriteTimeout{30};

// How long accepting pauses when the process has no descriptor left.
constexpr int kRetryMilliseconds = 100;

void refuse(UniqueFd socket, std::string message) {
  LineChannel channel(std::move(socket), kRpcRequestSizeMax);
  const RpcFault fault =
      fault_from(Error(ErrorCode::kUnavailable, std::move(message)));
  // Nobody to tell if this fails: the client sees the connection end.
  (void)channel.write_line(encode_fault(nullptr, fault));
}

}  // namespace

Result<std::unique_ptr<RpcServer>> RpcServer::start(UniqueFd listener,
                                                    StoreService& service) {
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return error_from_errno(errno, "make an eventfd");
  std::unique_ptr<RpcServer> server(
      new RpcServer(std::move(listener), std::move(stop), service));
  server->acceptor_ =
      std::thread([self = server.get()] { self->accept_clients(); });
  return server;
}

RpcServer::RpcServer(UniqueFd listener, UniqueFd stop, StoreService& service)
    : listener_(std::move(listener)),
      stop_(std::move(stop)),
      service_(service) {}

RpcServer::~RpcServer() {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      ::write(stop_.get(), &one, sizeof(one));
  acceptor_.join();

  for (Connection& connection : connections_) {
    ::shutdown(connection.socket.get(), SHUT_RDWR);
  }
  for (Connection& connection : connections_) connection.thread.join();
}

void RpcServer::accept_clients() {
  while (!stopping_) {
    std::array<pollfd, 2> waits = {pollfd{listener_.get(), POLLIN, 0},
                                   pollfd{stop_.get(), POLLIN, 0}};
    ::poll(waits.data(), waits.size(), -1);
    if (stopping_) return;
    if (waits[0].revents == 0) continue;

    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) {
      reap();
      take(std::move(socket));
    } else if (errno == EMFILE || errno == ENFILE) {
      // The client stays in the queue; without a pause this would spin.
      ::poll(&waits[1], 1, kRetryMilliseconds);
    }
  }
}

void RpcServer::take(UniqueFd socket) {
  const Result<PeerCredentials> peer = peer_credentials(socket.get());
  if (!peer.ok() || !may_ask(*peer)) {
    return refuse(std::move(socket), "this daemon serves its own user only");
  }
  if (connections_.size() >= kConnectionsMax) {
    return refuse(std::move(socket), "too many clients at once");
  }
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  try {
    connection.thread = std::thread([this, &connection] { serve(connection); });
  } catch (const std::system_error&) {
    refuse(std::move(connection.socket), "no thread is left for this client");
    connections_.pop_back();
  }
}

void RpcServer::serve(Connection& connection) {
  try {
    answer_lines(connection);
  } catch (const std::exception&) {
    // Memory, most likely. The daemon's death would take the mount along, so
    // only this client is let down.
  }
  ::shutdown(connection.socket.get(), SHUT_RDWR);
  connection.done = true;
}

void RpcServer::answer_lines(Connection& connection) {
  // A descriptor of its own: the other one is for shutdown() by the destructor.
  UniqueFd own(::fcntl(connection.socket.get(), F_DUPFD_CLOEXEC, 0));
  LineChannel channel(std::move(own), kRpcRequestSizeMax);
  const Notifier notify = [&](std::string_view method, const Json& params) {
    (void)channel.write_line(encode_notification(method, params));
  };

  bool open = channel.set_write_timeout(kWriteTimeout).ok();
  while (open && !stopping_) {
    const Result<std::optional<std::string>> line = channel.read_line();
    if (!line.ok()) {
      // What was cut or too long has no id to answer to.
      (void)channel.write_line(
          encode_fault(nullptr, {kRpcInvalidRequest, line.error().message()}));
      return;
    }
    if (!line->has_value()) return;
    ++requests_;
    const std::optional<std::string> answer =
        answer_line(**line, service_, notify);
    open = !answer || channel.write_line(*answer).ok();
  }
}

void RpcServer::reap() {
  for (auto it = connections_.begin(); it != connections_.end();) {
    const auto next = std::next(it);
    if (it->done) {
      it->thread.join();
      connections_.erase(it);
    }
    it = next;
  }
}

}  // namespace dagfs::tools
