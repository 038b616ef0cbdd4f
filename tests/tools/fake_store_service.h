// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "car/base/mutex.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tests {

// A repo in memory. Shards whose URL contains "bad" cannot be initialized, and
// verify finds two bad blocks in them. Safe for many threads.
class FakeStoreService final : public tools::StoreService {
 public:
  Status register_shards(const std::vector<tools::NewShard>& shards) override {
    const MutexLock lock(mutex_);
    for (const tools::NewShard& shard : shards) {
      if (!shards_.contains(shard.key)) continue;
      return Error(ErrorCode::kInvalidArgument, shard.key + ": key is taken");
    }
    for (const tools::NewShard& shard : shards) {
      shards_[shard.key] = {.key = shard.key,
                            .url = shard.url,
                            .state = "ShardStateNew",
                            .registered_at = 1'700'000'000};
    }
    return ok_status();
  }

  Result<tools::RegisterReport> register_each(
      const std::vector<tools::NewShard>& shards) override {
    tools::RegisterReport report;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      const auto known = info(shards[i].key);
      if (known.ok() && known->url == shards[i].url) {
        ++report.there_already;
      } else if (Status done = register_shards({shards[i]}); done.ok()) {
        ++report.registered;
      } else {
        report.failures.push_back({i, done.error().message()});
      }
    }
    return report;
  }

  Result<tools::ShardPage> list(const std::string& after,
                                std::uint64_t limit) override {
    const MutexLock lock(mutex_);
    tools::ShardPage page;
    for (auto it = shards_.upper_bound(after); it != shards_.end(); ++it) {
      page.more = page.shards.size() == limit;
      if (page.more) break;
      page.shards.push_back(it->second);
    }
    return page;
  }

  Result<tools::ShardRecord> info(const std::string& key) override {
    const MutexLock lock(mutex_);
    return find_locked(key);
  }

  Status destroy(const std::string& key) override {
    const MutexLock lock(mutex_);
    DAGFS_TRY(find_locked(key));
    shards_.erase(key);
    return ok_status();
  }

  Result<tools::ShardRecord> initialize(const std::string& key) override {
    const MutexLock lock(mutex_);
    tools::ShardRecord record = DAGFS_TRY(find_locked(key));
    if (record.url.find("bad") != std::string::npos) {
      return Error(ErrorCode::kCorrupt, "section at 59 runs past the end");
    }
    record.state = "ShardStateAvailable";
    record.indexed_at = 1'700'000'100;
    record.piece = tools::PieceRecord{.roots = {"bafkqaaa"},
                                      .root_count = 1,
                                      .size = 100,
                                      .block_count = 2,
                                      .embedded_index = "none"};
    shards_[key] = record;
    return record;
  }

  Result<tools::VerifyCounts> verify(
      const std::string& key, const tools::VerifyObserver& observer) override {
    bool bad = false;
    {
      const MutexLock lock(mutex_);
      const tools::ShardRecord record = DAGFS_TRY(find_locked(key));
      bad = record.url.find("bad") != std::string::npos;
    }
    tools::VerifyCounts counts = {.blocks = 10, .bytes = 1000};
    if (observer.progress) observer.progress(500);
    for (int i = 0; bad && i < 2; ++i) {
      ++counts.bad;
      if (observer.problem) observer.problem(fmt::format("block {} is bad", i));
    }
    return counts;
  }

  Result<tools::PieceProof> prove(
      const std::string& key,
      const std::function<void(std::uint64_t)>& progress) override {
    const MutexLock lock(mutex_);
    const tools::ShardRecord record = DAGFS_TRY(find_locked(key));
    if (progress) progress(500);
    const bool is_bad = record.url.find("bad") != std::string::npos;
    return tools::PieceProof{.piece_cid = is_bad ? "other" : key,
                             .bytes = 1000,
                             .piece_size = 1024,
                             .problem = is_bad ? "another piece" : ""};
  }

  Result<tools::SubmissionPage> submissions(const std::string& after,
                                            std::uint64_t limit) override {
    const MutexLock lock(mutex_);
    tools::SubmissionPage page;
    for (auto it = submissions_.upper_bound(after); it != submissions_.end();
         ++it) {
      page.more = page.entries.size() == limit;
      if (page.more) break;
      page.entries.push_back(it->second);
    }
    return page;
  }

  // Names that contain "bad" fail.
  Result<tools::SubmissionEntry> seal_submission(
      const std::string& name) override {
    const MutexLock lock(mutex_);
    const auto found = submissions_.find(name);
    if (found == submissions_.end()) return refusal(ENOENT, name);
    if (name.find("bad") == std::string::npos) {
      found->second.state = "sealed";
      found->second.key = "key";
    } else {
      found->second.state = "failed";
      found->second.error = "why";
    }
    return found->second;
  }

  Result<tools::SubmissionEntry> retry_submission(
      const std::string& name) override {
    return seal_submission(name);
  }

  Status remove_submission(const std::string& name) override {
    const MutexLock lock(mutex_);
    if (submissions_.erase(name) == 0) return refusal(ENOENT, name);
    return ok_status();
  }

  Result<tools::IngestedShard> ingest(
      const tools::IngestRequest& request,
      const std::function<void(std::uint64_t)>& progress) override {
    if (request.path.find("bad") != std::string::npos) {
      return Error(ErrorCode::kNotFound, request.path + ": no such file");
    }
    if (progress) progress(7);
    return tools::IngestedShard{.key = "key",
                                .piece_cid_v2 = "v2",
                                .roots = {"bafkqaaa"},
                                .root_count = 1,
                                .car_size = 200,
                                .piece_size = 256,
                                .block_count = 2};
  }

  // Of three records one is damaged where the path contains "bad".
  Result<tools::MigrationSummary> migrate(
      const tools::MigrationTask& task, const RecordVisitor& visit,
      const std::function<void(std::uint64_t)>& progress) override {
    if (progress) progress(2);
    const bool is_bad = task.path.find("bad") != std::string::npos;
    if (is_bad && visit) {
      visit({.id = "id", .outcome = "damaged", .why = task.kind + " why"});
    }
    return tools::MigrationSummary{.records = 3,
                                   .registered = is_bad ? 2U : 3U,
                                   .damaged = is_bad ? 1U : 0U,
                                   .is_complete = !is_bad};
  }

  void submit(const std::string& name) {
    const MutexLock lock(mutex_);
    submissions_[name] = {.name = name, .kind = "file", .state = "open"};
  }

  Result<tools::ServiceStatus> status() override {
    return tools::ServiceStatus{.pid = 42,
                                .version = "1.2.3",
                                .started_at = 1'700'000'000,
                                .repo = "/repo",
                                .mountpoint = mountpoint};
  }

  std::string mountpoint;

 private:
  Result<tools::ShardRecord> find_locked(const std::string& key) const
      DAGFS_REQUIRES(mutex_) {
    const auto found = shards_.find(key);
    if (found != shards_.end()) return found->second;
    return Error(ErrorCode::kNotFound, key + ": no such shard");
  }

  mutable Mutex mutex_;
  std::map<std::string, tools::ShardRecord> shards_ DAGFS_GUARDED_BY(mutex_);
  std::map<std::string, tools::SubmissionEntry> submissions_
      DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::tests
