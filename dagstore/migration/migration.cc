// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/migration.h"

#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "car/base/file.h"
#include "dagstore/durable_file.h"
#include "dagstore/index_repo.h"
#include "dagstore/migration/boost_source.h"
#include "dagstore/migration/database_copy.h"
#include "dagstore/migration/lotus_source.h"

namespace dagfs::dagstore {
namespace {

constexpr char kMarkers[] = "/migrated";

std::string_view name_of(MigrationKind kind) {
  return kind == MigrationKind::kLotus ? "lotus" : "boost";
}

Result<std::unique_ptr<DealSource>> open_source(const MigrationRequest& request,
                                                const std::string& work) {
  if (request.kind == MigrationKind::kBoost) {
    return std::unique_ptr<DealSource>(
        DAGFS_TRY(BoostSource::open(request.path, work)));
  }
  return std::unique_ptr<DealSource>(
      DAGFS_TRY(LotusSource::open(request.path, work)));
}

std::string marker_text(const MigrationRequest& request,
                        const MigrationCounts& counts) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  nlohmann::json json = {
      {"kind", name_of(request.kind)},
      {"finished_at",
       std::chrono::duration_cast<std::chrono::seconds>(now).count()},
      {"records", counts.records},
      {"registered", counts.registered},
      {"known", counts.known},
      {"inactive", counts.inactive}};
  json["path"] = request.path;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
         '\n';
}

// A repeated migration that is as complete as the one before leaves its marker
// alone; one that is not takes it away.
Status update_marker(const std::string& repo, const MigrationRequest& request,
                     const MigrationReport& report) {
  const std::filesystem::path marker = migration_marker(repo, request);
  std::error_code failure;
  const bool is_there = std::filesystem::exists(marker, failure);
  if (!report.is_complete) {
    std::filesystem::remove(marker, failure);
    if (failure) return error_from_errno(failure.value(), marker.string());
    return ok_status();
  }
  if (is_there && report.counts.registered == 0) return ok_status();
  DAGFS_TRY(make_folder(marker.parent_path().string()));
  return write_durably(marker.parent_path().string(),
                       marker.filename().string(),
                       marker_text(request, report.counts));
}

}  // namespace

std::string migration_marker(const std::string& repo,
                             const MigrationRequest& request) {
  const MemoryFile path(
      Bytes(as_bytes(request.path).begin(), as_bytes(request.path).end()));
  constexpr std::size_t kDigits = 16;
  const auto digest = sha256_of(path);
  return fmt::format("{}{}/{}-{}", repo, kMarkers, name_of(request.kind),
                     digest.ok() ? digest->substr(0, kDigits) : "");
}

Result<MigrationReport> migrate(Dagstore* store,
                                const MigrationRequest& request,
                                const MigrationObserver& observer) {
  const CopyFolder work =
      DAGFS_TRY(CopyFolder::create(store->repo() + "/migrating"));
  const auto source = DAGFS_TRY(open_source(request, work.path()));
  const std::string config = request.path + "/storage.json";
  if (!request.is_dry_run && stamp_of_path(config).ok()) {
    DAGFS_TRY(store->add_storage_config(config));
  }
  const auto migrator = DAGFS_TRY(Migrator::create(
      store, {.is_dry_run = request.is_dry_run, .work = work.path()},
      &observer));
  const Status walk = source->for_each(
      [&](FoundDeal&& deal) { return migrator->take(std::move(deal)); });
  DAGFS_TRY(migrator->finish());
  const MigrationCounts& counts = migrator->counts();
  const MigrationReport report = {
      .counts = counts,
      .is_complete = walk.ok() && counts.damaged == 0 && counts.failed == 0};
  if (!request.is_dry_run) {
    DAGFS_TRY(update_marker(store->repo(), request, report));
  }
  DAGFS_TRY(walk);
  return report;
}

}  // namespace dagfs::dagstore
