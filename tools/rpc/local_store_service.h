// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>
#include <memory>

#include "dagstore/dagstore.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// The service over a repo that this process has open. Safe for use from many
// threads at once.
class LocalStoreService final : public StoreService {
 public:
  // Tells what the daemon is doing; called from any thread.
  using StatusSource = std::function<ServiceStatus()>;

  LocalStoreService(std::shared_ptr<dagstore::Dagstore> dagstore,
                    StatusSource status)
      : dagstore_(std::move(dagstore)), status_(std::move(status)) {}

  Status register_shards(const std::vector<NewShard>& shards) override;
  Result<ShardPage> list(const std::string& after,
                         std::uint64_t limit) override;
  Result<ShardRecord> info(const std::string& key) override;
  Status destroy(const std::string& key) override;
  Result<ShardRecord> initialize(const std::string& key) override;
  Result<VerifyCounts> verify(const std::string& key,
                              const VerifyObserver& observer) override;
  Result<ServiceStatus> status() override { return status_(); }

 private:
  const std::shared_ptr<dagstore::Dagstore> dagstore_;
  const StatusSource status_;
};

// A shard as commands see it. Long texts are cut, so that it fits an RPC line.
ShardRecord record_from(const dagstore::ShardInfo& info);

}  // namespace dagfs::tools
