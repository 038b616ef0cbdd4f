// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/pending_table.h"

#include <utility>

namespace dagfs::fs {

void PendingTable::add(RequestId id, fuse_req_t handle) {
  Shard& shard = shards_[index(id)];
  const MutexLock lock(shard.mutex);
  shard.requests[static_cast<std::uint64_t>(id)] = {.handle = handle,
                                                    .lane = nullptr};
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
