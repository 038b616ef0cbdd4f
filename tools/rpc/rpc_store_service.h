// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>
#include <string_view>

#include "tools/rpc/json_rpc.h"
#include "tools/rpc/line_channel.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// The service of a daemon at the other end of a socket. One thread at a time.
//
// Beside the errors of the service itself: kUnavailable where the daemon went
// away before it answered, kCorrupt where it answers something else than what
// was agreed, kExhausted where a request would be longer than a daemon reads.
class RpcStoreService final : public StoreService {
 public:
  explicit RpcStoreService(UniqueFd socket)
      : channel_(std::move(socket), kRpcAnswerSizeMax) {}

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
  Result<ServiceStatus> status() override;

 private:
  // Sends one call and waits for its answer; notifications that come before
  // it go to `observer`.
  Result<Json> call(std::string_view method, const Json& params,
                    const VerifyObserver& observer = {});

  LineChannel channel_;
  std::uint64_t last_id_ = 0;
};

}  // namespace dagfs::tools
