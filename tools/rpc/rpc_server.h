// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <thread>

#include "car/base/result.h"
#include "car/base/unique_fd.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// Answers the clients of a listening socket, each on a thread of its own, until
// it is destroyed. Requests of one client are answered in order.
class RpcServer {
 public:
  // Starts threads. `service` must be safe for many threads and outlive the
  // server.
  static Result<std::unique_ptr<RpcServer>> start(UniqueFd listener,
                                                  StoreService& service);

  // Takes no more clients, hangs up on all, and waits for calls of the service
  // that are under way; clients that are idle are not waited for.
  ~RpcServer();

  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  // Lines answered so far.
  std::uint64_t request_count() const { return requests_.load(); }

 private:
  struct Connection {
    UniqueFd socket;  // Closed only after `thread` was joined.
    std::atomic<bool> done = false;
    std::thread thread;
  };

  RpcServer(UniqueFd listener, UniqueFd stop, StoreService& service);

  void accept_clients();
  void take(UniqueFd socket);
  void serve(Connection& connection);
  void answer_lines(Connection& connection);
  // Joins the threads of clients that have gone.
  void reap();

  // Constant after construction.
  const UniqueFd listener_;
  const UniqueFd stop_;  // An eventfd, readable once the server shall end.
  StoreService& service_;

  std::atomic<std::uint64_t> requests_ = 0;  // Counted by many, read by others.
  std::atomic<bool> stopping_ = false;       // Set once, read by all threads.

  // Touched by the acceptor alone, and by the destructor once that has ended.
  std::list<Connection> connections_;

  std::thread acceptor_;  // Last: it uses all of the above.
};

}  // namespace dagfs::tools
