// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"
#include "tests/tools/fake_store_service.h"
#include "tools/commands/command_line.h"
#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_server.h"
#include "tools/rpc/rpc_store_service.h"

namespace dagfs::tests {

struct ProgramResult {
  tools::ExitCode code = tools::ExitCode::kOk;
  std::string out;
  std::string err;
};

// How a command reaches the service.
enum class Reach { kDirectly, kThroughDaemon };

// The program on a repo in memory, with or without a daemon in between.
class Program {
 public:
  explicit Program(Reach reach = Reach::kDirectly) {
    std::filesystem::create_directory(folder_.path("repo"));
    if (reach == Reach::kDirectly) return;
    Result<UniqueFd> listener = tools::listen_in_repo(folder_.path());
    EXPECT_TRUE(listener.ok());
    auto server = tools::RpcServer::start(std::move(*listener), service_);
    EXPECT_TRUE(server.ok());
    server_ = std::move(*server);
  }

  FakeStoreService& service() { return service_; }
  const TemporaryFolder& folder() const { return folder_; }
  const std::string& opened_repo() const { return opened_repo_; }
  void set_repo_default(std::string repo) { repo_default_ = std::move(repo); }
  void fail_to_open(Error error) { open_error_ = std::move(error); }

  ProgramResult run(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    tools::CommandContext context(
        out, err, [this](const std::string& repo) { return open(repo); });
    const tools::ExitCode code = tools::run_command_line(
        {.arguments = arguments, .repo_default = repo_default_}, context);
    return {.code = code, .out = out.str(), .err = err.str()};
  }

 private:
  // Hands each call on: a command owns the service it opened.
  class Borrowed final : public tools::StoreService {
   public:
    explicit Borrowed(StoreService& service) : service_(service) {}

    Status register_shards(
        const std::vector<tools::NewShard>& shards) override {
      return service_.register_shards(shards);
    }
    Result<tools::RegisterReport> register_each(
        const std::vector<tools::NewShard>& shards) override {
      return service_.register_each(shards);
    }
    Result<tools::ShardPage> list(const std::string& after,
                                  std::uint64_t limit) override {
      return service_.list(after, limit);
    }
    Result<tools::ShardRecord> info(const std::string& key) override {
      return service_.info(key);
    }
    Status destroy(const std::string& key) override {
      return service_.destroy(key);
    }
    Result<tools::ShardRecord> initialize(const std::string& key) override {
      return service_.initialize(key);
    }
    Result<tools::VerifyCounts> verify(
        const std::string& key,
        const tools::VerifyObserver& observer) override {
      return service_.verify(key, observer);
    }
    Result<tools::PieceProof> prove(
        const std::string& key,
        const std::function<void(std::uint64_t)>& progress) override {
      return service_.prove(key, progress);
    }
    Result<tools::SubmissionPage> submissions(const std::string& after,
                                              std::uint64_t limit) override {
      return service_.submissions(after, limit);
    }
    Result<tools::SubmissionEntry> seal_submission(
        const std::string& name) override {
      return service_.seal_submission(name);
    }
    Result<tools::SubmissionEntry> retry_submission(
        const std::string& name) override {
      return service_.retry_submission(name);
    }
    Status remove_submission(const std::string& name) override {
      return service_.remove_submission(name);
    }
    Result<tools::IngestedShard> ingest(
        const tools::IngestRequest& request,
        const std::function<void(std::uint64_t)>& progress) override {
      return service_.ingest(request, progress);
    }
    Result<tools::MigrationSummary> migrate(
        const tools::MigrationTask& task, const RecordVisitor& visit,
        const std::function<void(std::uint64_t)>& progress) override {
      return service_.migrate(task, visit, progress);
    }
    Result<tools::ServiceStatus> status() override { return service_.status(); }

   private:
    StoreService& service_;
  };

  Result<std::unique_ptr<tools::StoreService>> open(const std::string& repo) {
    opened_repo_ = repo;
    if (open_error_) return *open_error_;
    if (!server_) {
      return std::unique_ptr<tools::StoreService>(
          std::make_unique<Borrowed>(service_));
    }
    std::optional<UniqueFd> socket =
        DAGFS_TRY(tools::connect_in_repo(folder_.path()));
    EXPECT_TRUE(socket.has_value());
    return std::unique_ptr<tools::StoreService>(
        std::make_unique<tools::RpcStoreService>(std::move(*socket)));
  }

  TemporaryFolder folder_;
  std::string repo_default_ = folder_.path("repo");
  FakeStoreService service_;
  std::optional<Error> open_error_;
  std::string opened_repo_;
  std::unique_ptr<tools::RpcServer>
      server_;  // Dies first: it uses the service.
};

}  // namespace dagfs::tests
