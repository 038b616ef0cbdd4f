// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/local_store_service.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "car/unixfs/tree_importer.h"
#include "dagstore/migration/migration.h"
#include "mount/piece/file_commp.h"

namespace dagfs::tools {
namespace {

// A page of records stays far below kRpcAnswerSizeMax even when JSON spells a
// byte in six characters.
constexpr std::size_t kPageTextMax = std::size_t{128} << 10;
constexpr std::uint64_t kPageShardsMax = 500;

// An error tells what went wrong in a sentence or a few.
constexpr std::size_t kErrorTextMax = std::size_t{8} << 10;

// What numbers and names of the members take, roughly.
constexpr std::size_t kRecordOverhead = 400;

std::int64_t seconds_since_epoch(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(
             time.time_since_epoch())
      .count();
}

std::vector<std::string> told_roots(const std::vector<car::Cid>& roots) {
  std::vector<std::string> told;
  for (std::size_t i = 0; i < std::min(roots.size(), kRootsToldMax); ++i) {
    told.push_back(roots[i].to_string());
  }
  return told;
}

PieceRecord record_from(const dagstore::PieceSummary& piece) {
  return {.car_version = piece.car_version,
          .roots = told_roots(piece.roots),
          .root_count = piece.roots.size(),
          .size = piece.size,
          .block_count = piece.block_count,
          .block_bytes = piece.block_bytes,
          .data_end = piece.data_end,
          .index_size = piece.index_size,
          .has_duplicates = piece.has_duplicates,
          .embedded_index = piece.embedded_index};
}

SubmissionEntry entry_from(const dagstore::SubmissionRecord& record) {
  return {.name = record.name,
          .kind = std::string(to_string(record.kind)),
          .state = std::string(to_string(record.state)),
          .error = record.error.substr(0, kErrorTextMax),
          .key = record.key,
          .root = record.root,
          .car_size = record.car_size,
          .piece_size = record.piece_size};
}

std::size_t text_size(const SubmissionEntry& entry) {
  return kRecordOverhead + entry.name.size() + entry.error.size();
}

std::size_t text_size(const ShardRecord& record) {
  std::size_t size = kRecordOverhead + record.key.size() + record.url.size() +
                     record.error.size();
  if (!record.piece) return size;
  for (const std::string& root : record.piece->roots) size += root.size();
  return size + record.piece->embedded_index.size();
}

}  // namespace

ShardRecord record_from(const dagstore::ShardInfo& info) {
  ShardRecord record = {
      .key = info.key.text(),
      .url = info.url,
      .state = std::string(to_string(info.state)),
      .error = info.error.substr(0, kErrorTextMax),
      .registered_at = seconds_since_epoch(info.registered_at),
      .leases = info.leases};
  if (info.indexed_at) {
    record.indexed_at = seconds_since_epoch(*info.indexed_at);
  }
  if (info.piece) record.piece = record_from(*info.piece);
  return record;
}

Status LocalStoreService::register_shards(const std::vector<NewShard>& shards) {
  std::vector<dagstore::Dagstore::Registration> registrations;
  registrations.reserve(shards.size());
  for (const NewShard& shard : shards) {
    dagstore::ShardKey key = DAGFS_TRY(dagstore::ShardKey::parse(shard.key));
    registrations.push_back({.key = std::move(key), .url = shard.url});
  }
  return dagstore_->register_shards(registrations);
}

Result<RegisterReport> LocalStoreService::register_each(
    const std::vector<NewShard>& shards) {
  RegisterReport report;
  std::vector<dagstore::Dagstore::Registration> registrations;
  std::vector<std::uint64_t> positions;  // Of the registrations.
  for (std::uint64_t i = 0; i < shards.size(); ++i) {
    auto key = dagstore::ShardKey::parse(shards[i].key);
    if (key.ok()) {
      registrations.push_back({.key = *std::move(key), .url = shards[i].url});
      positions.push_back(i);
    } else {
      report.failures.push_back({i, key.error().message()});
    }
  }
  const auto outcomes = DAGFS_TRY(dagstore_->register_each(registrations));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].ok()) {
      report.failures.push_back({positions[i], outcomes[i].error().message()});
    } else if (*outcomes[i] == dagstore::Dagstore::Outcome::kRegistered) {
      ++report.registered;
    } else {
      ++report.there_already;
    }
  }
  std::ranges::sort(report.failures, {}, &RegisterReport::Failure::position);
  return report;
}

Result<ShardPage> LocalStoreService::list(const std::string& after,
                                          std::uint64_t limit) {
  const std::uint64_t count_max =
      std::clamp<std::uint64_t>(limit, 1, kPageShardsMax);
  ShardPage page;
  std::size_t text = 0;
  DAGFS_TRY(dagstore_->for_each(after, [&](const dagstore::ShardInfo& info) {
    page.more = page.shards.size() == count_max || text > kPageTextMax;
    if (page.more) return false;
    page.shards.push_back(record_from(info));
    text += text_size(page.shards.back());
    return true;
  }));
  return page;
}

Result<ShardRecord> LocalStoreService::info(const std::string& key) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  return record_from(DAGFS_TRY(dagstore_->info(parsed)));
}

Status LocalStoreService::destroy(const std::string& key) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  return dagstore_->destroy(parsed);
}

Result<ShardRecord> LocalStoreService::initialize(const std::string& key) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  { const dagstore::ShardLease lease = DAGFS_TRY(dagstore_->acquire(parsed)); }
  // Asked after the lease went back, so that the record does not count it.
  return record_from(DAGFS_TRY(dagstore_->info(parsed)));
}

Result<VerifyCounts> LocalStoreService::verify(const std::string& key,
                                               const VerifyObserver& observer) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  const dagstore::Dagstore::VerifyReport report =
      DAGFS_TRY(dagstore_->verify(parsed, observer.progress));
  if (observer.problem) {
    for (const std::string& line : report.bad) observer.problem(line);
  }
  return VerifyCounts{.blocks = report.blocks,
                      .bytes = report.bytes,
                      .unverifiable = report.unverifiable,
                      .bad = report.bad.size()};
}

Result<PieceProof> LocalStoreService::prove(
    const std::string& key,
    const std::function<void(std::uint64_t)>& progress) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  const Result<car::Cid> cid = car::Cid::parse(key);
  const auto piece = cid.ok() ? mount::parse_piece_cid(*cid)
                              : Result<mount::PieceCid>(cid.error());
  // Whether there is such a shard at all comes first.
  DAGFS_TRY(dagstore_->info(parsed));
  const mount::PieceExpectation expected = {.cid = DAGFS_TRY(piece)};
  const auto file = DAGFS_TRY(dagstore_->open_piece(parsed));
  const mount::FileCommpOptions options = {
      .threads = std::max(1U, std::thread::hardware_concurrency()),
      .progress = progress,
      .cancelled = &is_stopping_};
  const mount::PieceCommitment found =
      DAGFS_TRY_CONTEXT(commitment_of(*file, options), "shard " + key);
  const Status proven = check_commitment(expected, found);
  return PieceProof{
      .piece_cid = mount::piece_cid_v1(found.root).to_string(),
      .bytes = found.payload.bytes(),
      .piece_size = found.piece.padded().bytes(),
      .problem = proven.ok() ? std::string() : proven.error().message()};
}

Result<dagstore::Inbox*> LocalStoreService::inbox() {
  const MutexLock lock(inbox_mutex_);
  if (inbox_ == nullptr) {
    inbox_ = DAGFS_TRY(dagstore::Inbox::open(dagstore_.get(), inbox_options_));
  }
  return inbox_.get();
}

void LocalStoreService::stop() {
  is_stopping_ = true;
  {
    const MutexLock lock(inbox_mutex_);
    if (inbox_ != nullptr) inbox_->stop();
  }
  // The inbox first: what it publishes needs the dagstore, and must be seen to
  // end, not to fail.
  dagstore_->stop();
}

Result<SubmissionPage> LocalStoreService::submissions(const std::string& after,
                                                      std::uint64_t limit) {
  const dagstore::Inbox* const inbox = DAGFS_TRY(this->inbox());
  const std::uint64_t count_max =
      std::clamp<std::uint64_t>(limit, 1, kPageShardsMax);
  SubmissionPage page;
  std::size_t text = 0;
  for (const dagstore::Inbox::SubmissionPtr& submission : inbox->list()) {
    const dagstore::SubmissionRecord record = submission->record();
    if (record.name <= after) continue;
    page.more = page.entries.size() == count_max || text > kPageTextMax;
    if (page.more) break;
    page.entries.push_back(entry_from(record));
    text += text_size(page.entries.back());
  }
  return page;
}

Result<SubmissionEntry> LocalStoreService::finish_sealing(
    const std::string& name) {
  dagstore::Inbox* const inbox = DAGFS_TRY(this->inbox());
  return entry_from(DAGFS_TRY(inbox->wait(name, {})));
}

Result<SubmissionEntry> LocalStoreService::seal_submission(
    const std::string& name) {
  dagstore::Inbox* const inbox = DAGFS_TRY(this->inbox());
  DAGFS_TRY(inbox->seal(name));
  return finish_sealing(name);
}

Result<SubmissionEntry> LocalStoreService::retry_submission(
    const std::string& name) {
  dagstore::Inbox* const inbox = DAGFS_TRY(this->inbox());
  DAGFS_TRY(inbox->retry(name));
  return finish_sealing(name);
}

Status LocalStoreService::remove_submission(const std::string& name) {
  dagstore::Inbox* const inbox = DAGFS_TRY(this->inbox());
  return inbox->remove(name, true);
}

Result<IngestedShard> LocalStoreService::ingest(
    const IngestRequest& request,
    const std::function<void(std::uint64_t)>& progress) {
  car::ImportProfile profile = inbox_options_.profile;
  if (!request.profile.empty()) {
    profile = DAGFS_TRY(car::find_import_profile(request.profile));
  }
  dagstore::Inbox* const inbox = DAGFS_TRY(this->inbox());
  const dagstore::IngestResult made = DAGFS_TRY(inbox->ingest(
      request.path, profile, [&](const car::ImportProgress& done) {
        if (progress) progress(done.bytes);
      }));
  const mount::PieceCommitment& commitment = made.piece.commitment;
  return IngestedShard{
      .key = made.key.text(),
      .piece_cid_v2 = DAGFS_TRY(mount::piece_cid_v2(commitment)).to_string(),
      .roots = told_roots(made.piece.roots),
      .root_count = made.piece.roots.size(),
      .car_size = made.piece.car_size,
      .piece_size = commitment.piece.padded().bytes(),
      .block_count = made.piece.block_count};
}

Result<MigrationSummary> LocalStoreService::migrate(
    const MigrationTask& task, const RecordVisitor& visit,
    const std::function<void(std::uint64_t)>& progress) {
  using dagstore::MigrationKind;
  if (task.kind != "lotus" && task.kind != "boost") {
    return Error(ErrorCode::kInvalidArgument,
                 task.kind + ": no software whose repo is known");
  }
  dagstore::MigrationObserver observer;
  observer.progress = progress;
  observer.item = [&](const dagstore::MigrationItem& item) {
    if (!visit) return;
    visit({.id = item.id,
           .piece = item.piece,
           .url = item.url,
           .outcome = std::string(to_string(item.outcome)),
           .why = item.why.substr(0, kErrorTextMax)});
  };
  const MutexLock lock(migrating_mutex_);
  const dagstore::MigrationReport report = DAGFS_TRY(
      dagstore::migrate(dagstore_.get(),
                        {.kind = task.kind == "boost" ? MigrationKind::kBoost
                                                      : MigrationKind::kLotus,
                         .path = task.path,
                         .is_dry_run = task.is_dry_run},
                        observer));
  return MigrationSummary{.records = report.counts.records,
                          .registered = report.counts.registered,
                          .known = report.counts.known,
                          .inactive = report.counts.inactive,
                          .damaged = report.counts.damaged,
                          .failed = report.counts.failed,
                          .is_complete = report.is_complete};
}

}  // namespace dagfs::tools
