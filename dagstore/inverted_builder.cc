// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/inverted_builder.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "car/base/kill_point.h"
#include "car/car_index.h"

namespace dagfs::dagstore {
namespace {

// The registry is read in stretches, lest its database keeps for hours what
// was replaced meanwhile.
constexpr std::size_t kStretchMax = 256;

constexpr std::chrono::minutes kRetryAfter{1};

// Each holds a descriptor until the builder comes to it; what is more waits for
// a sweep.
constexpr std::size_t kRetiredMax = 64;

// What progress says when everything was looked at; or the kind of key it was
// at, and the key.
constexpr std::string_view kSearched = "/";
constexpr char kAtShard = '=';
constexpr char kAtSegment = ':';

// The kernel counts threads as processes here.
void give_way() {
  ::pthread_setname_np(::pthread_self(), "dagfs-inverted");
  constexpr int kNice = 10;
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

// Whether the same may go well later without anything being done.
bool may_pass(const Error& error) {
  return error.code() != ErrorCode::kCorrupt &&
         error.code() != ErrorCode::kNotFound;
}

}  // namespace

InvertedBuilder::InvertedBuilder(Parts parts)
    : parts_(parts), thread_([this] { run(); }) {}

InvertedBuilder::~InvertedBuilder() {
  stop();
  thread_.join();
}

void InvertedBuilder::stop() {
  is_stopping_ = true;
  const MutexLock lock(mutex_);
  changed_.notify_all();
}

void InvertedBuilder::notify() {
  const MutexLock lock(mutex_);
  ++asked_;
  changed_.notify_all();
}

void InvertedBuilder::rebuild() {
  const MutexLock lock(mutex_);
  must_restart_ = true;
  ++asked_;
  changed_.notify_all();
}

void InvertedBuilder::retire(const ShardKey& key, RetiredIndex old) {
  if (old.file == nullptr) return;
  const MutexLock lock(mutex_);
  if (retired_.size() >= kRetiredMax && !retired_.contains(key.text())) return;
  std::swap(retired_[key.text()], old);  // The other one dies unlocked.
}

std::shared_ptr<const RandomAccessFile> InvertedBuilder::take_retired(
    const ShardKey& key, std::string_view checksum) {
  RetiredIndex taken;
  {
    const MutexLock lock(mutex_);
    const auto found = retired_.find(key.text());
    if (found == retired_.end()) return nullptr;
    taken = std::move(found->second);
    retired_.erase(found);
  }
  return taken.checksum == checksum ? taken.file : nullptr;
}

bool InvertedBuilder::is_settled() const {
  const MutexLock lock(mutex_);
  return done_ == asked_;
}

bool InvertedBuilder::wait_until_settled(
    std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const MutexLock lock(mutex_);
  while (done_ != asked_ && !is_stopping_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return false;
    changed_.wait_for(mutex_, left);
  }
  return done_ == asked_;
}

void InvertedBuilder::run() {
  give_way();
  std::uint64_t round = 0;
  while (wait_for_work(&round)) {
    has_failures_ = false;
    // What fails is left for the next round, and nobody waits for it.
    if (!search_registry().ok()) has_failures_ = true;
    if (!work_off_changes().ok()) has_failures_ = true;
    end_round(round);
  }
}

// False: the end.
bool InvertedBuilder::wait_for_work(std::uint64_t* round) {
  bool must_restart = false;
  {
    const MutexLock lock(mutex_);
    while (done_ == asked_ && !is_stopping_) {
      if (!has_failures_) {
        changed_.wait(mutex_);
      } else if (!changed_.wait_for(mutex_, kRetryAfter)) {
        break;
      }
    }
    *round = asked_;
    must_restart = std::exchange(must_restart_, false);
  }
  if (is_stopping_) return false;
  // Should it fail, what is there stays and is put right as far as it goes.
  if (must_restart) (void)parts_.inverted.restart();
  return true;
}

void InvertedBuilder::end_round(std::uint64_t round) {
  std::map<std::string, RetiredIndex, std::less<>> unused;  // Dies unlocked.
  const MutexLock lock(mutex_);
  done_ = round;
  if (done_ == asked_) retired_.swap(unused);
  changed_.notify_all();
}

// Puts in what was indexed before the inverted index was there. Once.
Status InvertedBuilder::search_registry() {
  std::string progress = DAGFS_TRY(parts_.inverted.progress());
  while (progress != kSearched && !is_stopping_) {
    progress = DAGFS_TRY(search_on(progress));
    DAGFS_TRY(parts_.inverted.set_progress(progress));
  }
  return ok_status();
}

// Goes one stretch on; the new progress.
Result<std::string> InvertedBuilder::search_on(const std::string& progress) {
  const char kind = progress.empty() ? kAtShard : progress.front();
  const std::string after = progress.empty() ? progress : progress.substr(1);
  std::vector<std::string> keys;
  const auto visit = [&](std::string_view key) {
    keys.emplace_back(key);
    return keys.size() < kStretchMax;
  };
  DAGFS_TRY(kind == kAtShard ? parts_.registry.for_each_key(after, visit)
                             : parts_.registry.for_each_segment(after, visit));
  for (const std::string& text : keys) {
    if (is_stopping_) return progress;
    const auto key = ShardKey::from_stored(text);
    if (!key.ok()) continue;  // No such row was ever written by us.
    const Status settled = settle(*key);
    if (settled.ok() || !may_pass(settled.error())) continue;
    DAGFS_TRY(parts_.registry.note_change(*key));
  }
  if (!keys.empty()) return kind + keys.back();
  return kind == kAtShard ? std::string(1, kAtSegment) : std::string(kSearched);
}

Status InvertedBuilder::work_off_changes() {
  std::string after;
  while (!is_stopping_) {
    const auto changes = DAGFS_TRY(parts_.registry.changes(after, kStretchMax));
    if (changes.empty()) return ok_status();
    for (const ShardRegistry::Change& change : changes) {
      if (is_stopping_) return ok_status();
      const Status settled = settle(change.key);
      if (!settled.ok() && may_pass(settled.error())) {
        has_failures_ = true;
        continue;
      }
      kill_point("inverted.settled");
      DAGFS_TRY(parts_.registry.forget(change));
    }
    after = changes.back().row;
  }
  return ok_status();
}

// The record is read after the change was: it is at least as new.
Status InvertedBuilder::settle(const ShardKey& key) {
  const auto info = parts_.registry.get(key);
  if (info.ok()) return settle_content(*info);
  const auto code = info.error().code();
  if (code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt) {
    return drop(key);
  }
  return info.error();
}

// kCorrupt, kNotFound: the index is not what the record says. It is made anew
// when somebody opens the shard, which notes a change again.
Status InvertedBuilder::settle_content(const ShardInfo& info) {
  if (!info.piece.has_value()) return drop(info.key);
  const std::string& checksum = info.piece->index_sha256;
  const auto known = DAGFS_TRY(parts_.inverted.member(info.key));
  if (known.has_value() && known->checksum == checksum && known->is_complete) {
    return ok_status();
  }
  if (known.has_value() && known->checksum != checksum) {
    DAGFS_TRY(drop(info.key));
  }
  const auto file =
      DAGFS_TRY(parts_.indices.open(info.key, info.piece->index_size));
  const std::string found = DAGFS_TRY(sha256_of(*file));
  if (found != checksum) {
    return Error(ErrorCode::kCorrupt,
                 "shard " + info.key.text() + ": its index is damaged");
  }
  const auto index = DAGFS_TRY(car::CarIndex::open(file, {0, file->size()}));
  return parts_.inverted.add(info.key, {checksum, *index}, is_stopping_);
}

Status InvertedBuilder::drop(const ShardKey& key) {
  const auto known = DAGFS_TRY(parts_.inverted.member(key));
  if (!known.has_value()) return ok_status();
  const auto file = take_retired(key, known->checksum);
  if (file == nullptr) return parts_.inverted.drop(key, nullptr, is_stopping_);
  // A damaged one would remove only some entries; a sweep finds the others.
  auto index = car::CarIndex::open(file, {0, file->size()});
  const auto digest = sha256_of(*file);
  if (!index.ok() || !digest.ok() || *digest != known->checksum) {
    return parts_.inverted.drop(key, nullptr, is_stopping_);
  }
  const InvertedIndex::Content old = {known->checksum, **index};
  return parts_.inverted.drop(key, &old, is_stopping_);
}

}  // namespace dagfs::dagstore
