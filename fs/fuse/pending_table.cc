// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/pending_table.h"

#include <utility>

namespace dagfs::fs {

void PendingTable::add(RequestId id, fuse_req_t handle) {
  Shard& shard = shards_[index(id)];
  const MutexLock lock(shard.mutex);
  shard.requests[static_cast<std::uint64_t>(id)] = {.handle = handle};
}

std::optional<PendingTable::Request> PendingTable::claim(RequestId id) {
  Shard& shard = shards_[index(id)];
  const MutexLock lock(shard.mutex);
  auto found = shard.requests.find(static_cast<std::uint64_t>(id));
  if (found == shard.requests.end()) return std::nullopt;
  std::optional<Request> request = std::move(found->second);
  shard.requests.erase(found);
  return request;
}

std::vector<PendingTable::Request> PendingTable::claim_all() {
  std::vector<Request> all;
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    for (auto& [id, request] : shard.requests) {
      all.push_back(std::move(request));
    }
    shard.requests.clear();
  }
  return all;
}

std::optional<PendingTable::Request> PendingTable::claim_interrupted(
    RequestId id) {
  // Asked without the lock: whoever waits may be woken by this very call.
  std::stop_source change{std::nostopstate};
  {
    Shard& shard = shards_[index(id)];
    const MutexLock lock(shard.mutex);
    const auto found = shard.requests.find(static_cast<std::uint64_t>(id));
    if (found == shard.requests.end()) return std::nullopt;
    change = found->second.change;
    if (!change.stop_possible()) {
      std::optional<Request> request = std::move(found->second);
      shard.requests.erase(found);
      return request;
    }
  }
  change.request_stop();
  return std::nullopt;
}

std::optional<std::stop_token> PendingTable::begin_change(RequestId id) {
  std::stop_source change;
  Shard& shard = shards_[index(id)];
  const MutexLock lock(shard.mutex);
  const auto found = shard.requests.find(static_cast<std::uint64_t>(id));
  if (found == shard.requests.end()) return std::nullopt;
  found->second.change = std::move(change);
  return found->second.change.get_token();
}

void PendingTable::stop_changes() {
  std::vector<std::stop_source> changes;
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    for (const auto& [id, request] : shard.requests) {
      if (request.change.stop_possible()) changes.push_back(request.change);
    }
  }
  for (std::stop_source& change : changes) change.request_stop();
}

bool PendingTable::contains(RequestId id) const {
  const Shard& shard = shards_[index(id)];
  const MutexLock lock(shard.mutex);
  return shard.requests.contains(static_cast<std::uint64_t>(id));
}

void PendingTable::set_lane(RequestId id, const std::shared_ptr<Lane>& lane) {
  Shard& shard = shards_[index(id)];
  const MutexLock lock(shard.mutex);
  auto found = shard.requests.find(static_cast<std::uint64_t>(id));
  if (found != shard.requests.end()) found->second.lane = lane;
}

}  // namespace dagfs::fs
