// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_opener.h"

#include <fmt/core.h>

#include <utility>

#include "car/base/kill_point.h"
#include "dagstore/piece_indexer.h"

namespace dagfs::dagstore {
namespace {

// A lease: keeps the shard live, and counts itself out.
class LeaseHold {
 public:
  explicit LeaseHold(PinnedShard shard) : shard_(std::move(shard)) {}
  LeaseHold(const LeaseHold&) = delete;
  LeaseHold& operator=(const LeaseHold&) = delete;
  ~LeaseHold() {
    LiveShard& shard = *shard_;
    const MutexLock lock(shard.mutex);
    shard.return_lease();
  }

 private:
  PinnedShard shard_;
};

std::optional<FileStamp> stamp_now(const mount::Mount& mount) {
  const auto stamp = mount.stamp();
  return stamp.ok() ? std::optional(*stamp) : std::nullopt;
}

bool is_same_source(const std::optional<FileStamp>& then,
                    const std::optional<FileStamp>& now) {
  if (!then.has_value() || !now.has_value()) return !then && !now;
  return is_same_content(*then, *now);
}

bool is_indexed(ShardState state) {
  return state == ShardState::kAvailable || state == ShardState::kServing;
}

Error stopping() {
  return Error(ErrorCode::kUnavailable, "the dagstore is being closed");
}

}  // namespace

Result<ShardLease> ShardOpener::acquire(const ShardKey& key) {
  while (true) {
    PinnedShard shard = parts_.table.pin(key);
    auto lease = DAGFS_TRY(acquire_pinned(shard));
    if (lease.has_value()) return *std::move(lease);
  }
}

// nullopt: the shard was destroyed meanwhile; there may be another by now. The
// pin stays until there is a lease, lest what was just opened is evicted.
Result<std::optional<ShardLease>> ShardOpener::acquire_pinned(
    PinnedShard& shard) {
  bool turn_was_ours = false;
  while (true) {
    const View seen = look(*shard);
    if (is_stopping_) return stopping();
    if (seen.is_gone) return std::optional<ShardLease>();

    // What a turn brought that we waited for, or had ourselves, is not
    // questioned at once: a piece that changes all the time would keep us here.
    const bool is_new = seen.has_waited || turn_was_ours;
    if (seen.open != nullptr && (is_new || is_fresh(seen))) {
      auto lease = grant(shard, seen.open);
      if (lease.has_value()) return lease;
      continue;
    }
    if (seen.failure && (is_new || !may_be_tried(seen))) {
      return seen.failure->error;
    }
    DAGFS_TRY(take_turn(*shard, seen.turns));
    turn_was_ours = true;
  }
}

ShardOpener::View ShardOpener::look(LiveShard& shard) const {
  View seen;
  const MutexLock lock(shard.mutex);
  while (shard.turn_is_taken && !is_stopping_) {
    seen.has_waited = true;
    shard.turn_ended.wait(shard.mutex);
  }
  seen.is_gone = shard.is_gone;
  seen.turns = shard.turns;
  seen.mount = shard.mount;
  seen.open = shard.open;
  seen.failure = shard.failure;
  return seen;
}

// Whether the open shard still is its piece.
bool ShardOpener::is_fresh(const View& seen) const {
  if (seen.open->index_is_damaged()) return false;
  return is_same_source(seen.open->piece().stamp, stamp_now(*seen.mount));
}

bool ShardOpener::may_be_tried(const View& seen) const {
  return parts_.now() >= seen.failure->retry_at ||
         !is_same_source(seen.failure->stamp, stamp_now(*seen.mount));
}

// Takes the pin along. nullopt: something happened since `open` was looked at,
// and the pin stays.
std::optional<ShardLease> ShardOpener::grant(PinnedShard& shard,
                                             const Opened& open) const {
  {
    LiveShard& live = *shard;
    const MutexLock lock(live.mutex);
    if (live.turn_is_taken || live.is_gone || live.open != open) {
      return std::nullopt;
    }
    live.add_lease();
  }
  return ShardLease(open, std::make_shared<LeaseHold>(std::move(shard)));
}

// Does nothing if somebody else had a turn since there were `turns`.
Status ShardOpener::take_turn(LiveShard& shard, std::uint64_t turns) {
  {
    const MutexLock lock(shard.mutex);
    if (shard.turn_is_taken || shard.is_gone || shard.turns != turns) {
      return ok_status();
    }
    shard.turn_is_taken = true;
  }
  auto work = begin_work(shard);
  if (!work.ok()) {
    const MutexLock lock(shard.mutex);
    shard.end_turn();
    return std::move(work).error();
  }
  auto opened = open_or_index(shard, &*work);
  if (!opened.ok()) {
    return fail(shard, std::move(work).value(), std::move(opened).error());
  }
  return succeed(shard, std::move(work).value(), std::move(opened).value());
}

// Loads the shard if that was not done yet.
Result<ShardOpener::Work> ShardOpener::begin_work(LiveShard& shard) {
  std::optional<ShardInfo> info;
  std::shared_ptr<const mount::Mount> mount;
  bool index_is_damaged = false;
  {
    const MutexLock lock(shard.mutex);
    info = shard.info;
    mount = shard.mount;
    index_is_damaged = shard.open != nullptr && shard.open->index_is_damaged();
  }
  if (!info.has_value()) {
    info = DAGFS_TRY(parts_.registry.get(shard.key));
    mount = DAGFS_TRY(parts_.mounts.instantiate(info->url));
    const MutexLock lock(shard.mutex);
    shard.info = info;
    shard.mount = mount;
  }
  const std::optional<FileStamp> stamp = stamp_now(*mount);
  return Work{*std::move(info), std::move(mount), stamp, index_is_damaged};
}

Result<ShardOpener::Opened> ShardOpener::open_or_index(LiveShard& shard,
                                                       Work* work) {
  if (!is_indexed(work->info.state)) {
    const MutexLock lock(shard.mutex);
    shard.carry(work->info.state == ShardState::kNew ? ShardEvent::kInitialize
                                                     : ShardEvent::kRecover);
  }
  if (work->info.piece.has_value() && !work->index_is_damaged) {
    Opened opened = DAGFS_TRY(IndexedShard::open(shard.key, *work->info.piece,
                                                 *work->mount, parts_.indices));
    if (opened != nullptr) return opened;
  }
  if (is_indexed(work->info.state)) {
    const MutexLock lock(shard.mutex);
    shard.carry(ShardEvent::kRecover);
  }
  return index(shard, work);
}

Result<ShardOpener::Opened> ShardOpener::index(LiveShard& shard, Work* work) {
  auto old = old_index(work->info);
  work->info.piece = DAGFS_TRY(
      index_piece(shard.key, *work->mount, parts_.indices, is_stopping_));
  work->info.indexed_at = std::chrono::system_clock::now();
  work->info.state = ShardState::kAvailable;
  work->info.error.clear();
  kill_point("index.in_place");
  DAGFS_TRY_CONTEXT(parts_.registry.put_indexed(work->info), "registry record");
  kill_point("index.recorded");
  parts_.inverted.retire(shard.key, std::move(old));
  parts_.inverted.notify();
  Opened opened = DAGFS_TRY(IndexedShard::open(shard.key, *work->info.piece,
                                               *work->mount, parts_.indices));
  if (opened == nullptr) {
    return Error(ErrorCode::kUnavailable,
                 "index piece: it was written to at the same time");
  }
  return opened;
}

Status ShardOpener::succeed(LiveShard& shard, Work work, Opened opened) {
  if (!is_indexed(work.info.state)) {
    // Only its source had been away. Should this write be lost, the next
    // process finds out by itself again.
    work.info.state = ShardState::kAvailable;
    work.info.error.clear();
    DAGFS_TRY_CONTEXT(parts_.registry.put(work.info, Sync::kNo),
                      "registry record");
  }
  // `opened` takes the place of what was open before, which dies unlocked.
  const MutexLock lock(shard.mutex);
  work.info.state = shard.info->state;
  work.info.leases = shard.info->leases;
  shard.info = std::move(work.info);
  if (!is_indexed(shard.info->state)) {
    shard.carry(ShardEvent::kIndexed);
    if (shard.info->leases > 0) shard.carry(ShardEvent::kAcquired);
  }
  shard.failure.reset();
  std::swap(shard.open, opened);
  shard.end_turn();
  return ok_status();
}

Error ShardOpener::fail(LiveShard& shard, Work work, Error error) {
  const bool is_known = work.info.state == ShardState::kErrored &&
                        work.info.error == error.message();
  if (!is_known && !is_stopping_) {
    ShardInfo failed = work.info;
    failed.state = ShardState::kErrored;
    failed.error = error.message();
    // Not synced, and its own failure not told: what matters is `error`, and
    // the next process would find out by itself.
    (void)parts_.registry.put(failed, Sync::kNo);
  }
  Opened closed;  // Dies unlocked.
  const MutexLock lock(shard.mutex);
  if (is_indexed(shard.info->state)) shard.carry(ShardEvent::kRecover);
  shard.carry(ShardEvent::kFailed);
  shard.info->error = error.message();
  const bool is_repeated = shard.failure.has_value() &&
                           is_same_source(shard.failure->stamp, work.stamp);
  const unsigned count = is_repeated ? shard.failure->count + 1 : 1;
  shard.failure = ShardFailure{.error = error,
                               .count = count,
                               .retry_at = parts_.now() + back_off(count),
                               .stamp = work.stamp};
  std::swap(shard.open, closed);
  shard.end_turn();
  return error;
}

Status ShardOpener::destroy(const ShardKey& key) {
  while (true) {
    const PinnedShard pinned = parts_.table.pin(key);
    LiveShard& shard = *pinned;
    {
      const MutexLock lock(shard.mutex);
      if (shard.is_gone) continue;
      if (shard.info.has_value() && shard.info->leases > 0) {
        return Error(
            ErrorCode::kUnavailable,
            fmt::format("in use: {} leases are out", shard.info->leases));
      }
      if (shard.turn_is_taken) {
        return Error(ErrorCode::kUnavailable,
                     "in use: it is being opened or indexed");
      }
      shard.turn_is_taken = true;
    }
    const Status removed = remove(key);
    // Out of the table before anybody who waits is woken, so that they find a
    // new one there.
    if (removed.ok()) parts_.table.forget(shard);
    const MutexLock lock(shard.mutex);
    shard.is_gone = removed.ok();
    shard.end_turn();
    return removed;
  }
}

Status ShardOpener::remove(const ShardKey& key) {
  if (!DAGFS_TRY(parts_.registry.contains(key))) {
    return Error(ErrorCode::kNotFound, "not registered");
  }
  const auto info = parts_.registry.get(key);
  RetiredIndex old = info.ok() ? old_index(*info) : RetiredIndex{};
  kill_point("destroy.begin");
  DAGFS_TRY_CONTEXT(parts_.registry.remove(key), "registry record");
  kill_point("destroy.record_removed");
  parts_.inverted.retire(key, std::move(old));
  parts_.inverted.notify();
  // Without its record the file is never read again, so it may as well stay.
  (void)parts_.indices.remove(key);
  kill_point("destroy.index_removed");
  return ok_status();
}

// The index that is about to be replaced or removed, if there is one.
RetiredIndex ShardOpener::old_index(const ShardInfo& info) const {
  if (!info.piece.has_value()) return {};
  auto file = parts_.indices.open(info.key, info.piece->index_size);
  if (!file.ok()) return {};
  return {info.piece->index_sha256, std::move(file).value()};
}

void ShardOpener::stop() {
  is_stopping_ = true;
  parts_.table.wake_all();
}

}  // namespace dagfs::dagstore
