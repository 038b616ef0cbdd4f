// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/migrator.h"

#include <array>
#include <utility>

#include "car/base/file.h"
#include "mount/file_url.h"

namespace dagfs::dagstore {
namespace {

// A batch is a few commits to the disk: of so many deals they cost nothing
// each.
constexpr std::size_t kBatch = 2000;

// The file that a deal's CAR came in by, if it still is what it was.
bool is_inbound_car(const FoundDeal& deal) {
  if (!deal.inbound_car.starts_with('/') || !deal.piece_size) return false;
  const auto stamp = stamp_of_path(deal.inbound_car);
  return stamp.ok() && stamp->size > 0 &&
         mount::UnpaddedSize(stamp->size) <= deal.piece_size->unpadded();
}

std::string url_of(const FoundDeal& deal) {
  if (is_inbound_car(deal)) return mount::file_url_from_path(deal.inbound_car);
  return "lotus://" + deal.piece->to_string();
}

std::uint64_t& count_of(MigrationCounts* counts, MigrationOutcome outcome) {
  switch (outcome) {
    case MigrationOutcome::kRegistered: return counts->registered;
    case MigrationOutcome::kKnown: return counts->known;
    case MigrationOutcome::kInactive: return counts->inactive;
    case MigrationOutcome::kDamaged: return counts->damaged;
    case MigrationOutcome::kFailed: break;
  }
  return counts->failed;
}

}  // namespace

std::string_view to_string(MigrationOutcome outcome) {
  constexpr std::array<std::string_view, 5> kNames = {
      "registered", "known", "inactive", "damaged", "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Result<std::unique_ptr<Migrator>> Migrator::create(
    Dagstore* store, const Options& options,
    const MigrationObserver* observer) {
  std::unique_ptr<Migrator> migrator(new Migrator(store, observer));
  if (options.is_dry_run) {
    migrator->seen_.emplace(DAGFS_TRY(LevelDb::open(options.work + "/seen")));
  }
  return migrator;
}

void Migrator::note(MigrationItem&& item) {
  ++count_of(&counts_, item.outcome);
  const bool is_news = item.outcome == MigrationOutcome::kRegistered
                           ? seen_.has_value()
                           : item.outcome != MigrationOutcome::kKnown;
  if (is_news && observer_->item) observer_->item(item);
}

Status Migrator::take(FoundDeal&& deal) {
  ++counts_.records;
  if (observer_->progress && counts_.records % kBatch == 0) {
    observer_->progress(counts_.records);
  }
  MigrationItem item = {.id = deal.id};
  if (deal.piece) item.piece = deal.piece->to_string();
  if (!deal.problem.empty() || (deal.inactive.empty() && !deal.piece)) {
    item.outcome = MigrationOutcome::kDamaged;
    item.why = std::move(deal.problem);
    note(std::move(item));
    return ok_status();
  }
  if (!deal.inactive.empty()) {
    item.outcome = MigrationOutcome::kInactive;
    item.why = std::move(deal.inactive);
    note(std::move(item));
    return ok_status();
  }
  return queue(std::move(deal));
}

Result<bool> Migrator::is_known(const ShardKey& key) {
  if (pending_keys_.contains(key.text())) return true;
  if (seen_ && DAGFS_TRY(seen_->get(key.text()))) return true;
  const auto info = store_->info(key);
  // One that is there and cannot be read is there.
  return info.ok() || info.error().code() != ErrorCode::kNotFound;
}

Status Migrator::queue(FoundDeal&& deal) {
  const std::string text = deal.piece->to_string();
  const ShardKey key = DAGFS_TRY(ShardKey::parse(text));
  for (mount::PieceCopy& copy : deal.copies) {
    places_.push_back({.piece = *deal.piece, .copy = std::move(copy)});
  }
  if (DAGFS_TRY(is_known(key))) {
    // What a deal registered just now is no news when its shard is looked at.
    if (deal.kind == FoundDeal::Kind::kDeal) ++counts_.known;
  } else {
    pending_keys_.insert(text);
    pending_.push_back({.id = std::move(deal.id),
                        .registration = {.key = key, .url = url_of(deal)}});
  }
  const bool is_full =
      pending_.size() >= kBatch || places_.size() >= 2 * kBatch;
  return is_full ? write_batch() : ok_status();
}

void Migrator::register_one(const Pending& pending) {
  const Status status = store_->register_shards({pending.registration});
  MigrationItem item = {.id = pending.id,
                        .piece = pending.registration.key.text(),
                        .url = pending.registration.url,
                        .outcome = MigrationOutcome::kRegistered};
  if (!status.ok()) {
    item.outcome = MigrationOutcome::kFailed;
    item.why = status.error().message();
  }
  note(std::move(item));
}

Status Migrator::write_batch() {
  const std::vector<Pending> pending = std::exchange(pending_, {});
  pending_keys_.clear();
  const auto places = std::exchange(places_, {});
  if (seen_) {
    LevelDbBatch keys;
    for (const Pending& shard : pending) {
      keys.put(shard.registration.key.text(), {});
      note({.id = shard.id,
            .piece = shard.registration.key.text(),
            .url = shard.registration.url,
            .outcome = MigrationOutcome::kRegistered});
    }
    return seen_->write(keys, Sync::kNo);
  }
  // Places first, so that a shard that is there can be read.
  if (!places.empty()) DAGFS_TRY(store_->add_pieces(places));
  if (pending.empty()) return ok_status();
  std::vector<Dagstore::Registration> shards;
  for (const Pending& shard : pending) shards.push_back(shard.registration);
  if (!store_->register_shards(shards).ok()) {
    // All or none: which of them is in the way shows one by one.
    for (const Pending& shard : pending) register_one(shard);
    return ok_status();
  }
  counts_.registered += pending.size();
  return ok_status();
}

Status Migrator::finish() { return write_batch(); }

}  // namespace dagfs::dagstore
