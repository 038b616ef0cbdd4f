// SPDX-License-Identifier: Apache-2.0 OR MIT

// Requests that the kernel waits for.

#pragma once

#include <fuse_lowlevel.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "car/base/mutex.h"
#include "fs/lane.h"

namespace dagfs::fs {

// The number the kernel gave a request; never used again in one mount.
enum class RequestId : std::uint64_t {};

// Each request is in here until somebody claims the right to answer it: the
// thread that worked on it, an interrupt, or the end of the session. Whoever
// comes second finds nothing and drops its answer.
//
// What changes something is not answered while it runs: a program that was told
// EINTR writes again, and what it wrote first must not come after that. An
// interrupt asks such a request to stop instead. Thread-safe.
class PendingTable {
 public:
  struct Request {
    fuse_req_t handle = nullptr;
    // Where it waits; null once it runs or where it never waited.
    std::shared_ptr<Lane> lane;
    // Has a state once a change has begun.
    std::stop_source change{std::nostopstate};
  };

  void add(RequestId id, fuse_req_t handle);

  // Takes the request out: the caller has to answer it, and nobody else can.
  std::optional<Request> claim(RequestId id);
  std::vector<Request> claim_all();
  // The same for an interrupt: a change that runs is asked to stop, and stays.
  std::optional<Request> claim_interrupted(RequestId id);

  // From now on the request changes something: how it is asked to stop, or
  // nullopt where it was answered before.
  std::optional<std::stop_token> begin_change(RequestId id);
  // Asks all changes to stop.
  void stop_changes();

  bool contains(RequestId id) const;

  // Notes the lane in which the request is about to wait, if it is still here.
  void set_lane(RequestId id, const std::shared_ptr<Lane>& lane);

 private:
  // Several, as every request of every thread passes here twice.
  struct Shard {
    mutable Mutex mutex;
    std::unordered_map<std::uint64_t, Request> requests DAGFS_GUARDED_BY(mutex);
  };
  static constexpr std::size_t kShards = 8;

  // The kernel counts in steps of two.
  static std::size_t index(RequestId id) {
    return (static_cast<std::uint64_t>(id) >> 1) % kShards;
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace dagfs::fs
