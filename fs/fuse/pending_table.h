// SPDX-License-Identifier: Apache-2.0 OR MIT

// Requests that the kernel waits for.

#pragma once

#include <fuse_lowlevel.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "car/base/mutex.h"
#include "fs/lane.h"

namespace dagfs::fs {

// The number the kernel gave a request; never used again in one mount.
enum class RequestId : std::uint64_t {};

// Each request is in here until somebody claims the right to answer it: the
// thread that worked on it, an interrupt, or the end of the session. Whoever
// comes second finds nothing and drops its answer. Thread-safe.
class PendingTable {
 public:
  struct Request {
    fuse_req_t handle = nullptr;
    // Where it waits; null once it runs or where it never waited.
    std::shared_ptr<Lane> lane;
  };

  void add(RequestId id, fuse_req_t handle);

  // Takes the request out: the caller has to answer it, and nobody else can.
  std::optional<Request> claim(RequestId id);
  std::vector<Request> claim_all();

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
