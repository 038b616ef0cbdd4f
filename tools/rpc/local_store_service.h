// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "car/base/mutex.h"
#include "dagstore/dagstore.h"
#include "dagstore/ingest/inbox.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// The service over a repo that this process has open. Safe for use from many
// threads at once.
class LocalStoreService final : public StoreService {
 public:
  // Tells what the daemon is doing; called from any thread.
  using StatusSource = std::function<ServiceStatus()>;

  // `inbox` is opened when it is first asked for: that takes up what earlier
  // processes left unsealed.
  LocalStoreService(std::shared_ptr<dagstore::Dagstore> dagstore,
                    dagstore::InboxOptions inbox, StatusSource status)
      : dagstore_(std::move(dagstore)),
        inbox_options_(std::move(inbox)),
        status_(std::move(status)) {}

  Status register_shards(const std::vector<NewShard>& shards) override;
  Result<RegisterReport> register_each(
      const std::vector<NewShard>& shards) override;
  Result<ShardPage> list(const std::string& after,
                         std::uint64_t limit) override;
  Result<ShardRecord> info(const std::string& key) override;
  Status destroy(const std::string& key) override;
  Result<ShardRecord> initialize(const std::string& key) override;
  Result<VerifyCounts> verify(const std::string& key,
                              const VerifyObserver& observer) override;
  Result<PieceProof> prove(
      const std::string& key,
      const std::function<void(std::uint64_t)>& progress) override;
  Result<SubmissionPage> submissions(const std::string& after,
                                     std::uint64_t limit) override;
  Result<SubmissionEntry> seal_submission(const std::string& name) override;
  Result<SubmissionEntry> retry_submission(const std::string& name) override;
  Status remove_submission(const std::string& name) override;
  Result<IngestedShard> ingest(
      const IngestRequest& request,
      const std::function<void(std::uint64_t)>& progress) override;
  Result<MigrationSummary> migrate(
      const MigrationTask& task, const RecordVisitor& visit,
      const std::function<void(std::uint64_t)>& progress) override;
  Result<ServiceStatus> status() override { return status_(); }

  // Lives as long as this service. Errors as Inbox::open.
  Result<dagstore::Inbox*> inbox();

  // Makes work that is under way end soon: for shutting down.
  void stop();

 private:
  Result<SubmissionEntry> finish_sealing(const std::string& name);

  const std::shared_ptr<dagstore::Dagstore> dagstore_;
  const dagstore::InboxOptions inbox_options_;
  const StatusSource status_;
  std::atomic<bool> is_stopping_ = false;
  Mutex migrating_mutex_;  // Held while one migrates: one at a time.
  Mutex inbox_mutex_;
  std::unique_ptr<dagstore::Inbox> inbox_ DAGFS_GUARDED_BY(inbox_mutex_);
};

// A shard as commands see it. Long texts are cut, so that it fits an RPC line.
ShardRecord record_from(const dagstore::ShardInfo& info);

}  // namespace dagfs::tools
