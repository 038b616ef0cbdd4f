// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/submission.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "car/base/kill_point.h"
#include "dagstore/durable_file.h"
#include "dagstore/ingest/publisher.h"

namespace dagfs::dagstore {
namespace {

constexpr std::string_view kInterrupted =
    "it was not complete yet when the daemon ended; it is sealed when it is "
    "written to again, or told to";
constexpr std::string_view kLostBytes =
    "bytes that were written to it could not be kept";

}  // namespace

Submission::~Submission() {
  if (!is_retired_) return;
  std::error_code ignored;  // The next start tries again.
  std::filesystem::remove_all(folder_, ignored);
}

SubmissionRecord Submission::record() const {
  const MutexLock lock(mutex_);
  return record_;
}

SubmissionState Submission::state() const {
  const MutexLock lock(mutex_);
  return record_.state;
}

bool Submission::looks_like_directory() const {
  const MutexLock lock(mutex_);
  return record_.kind == SubmissionKind::kDirectory &&
         record_.state != SubmissionState::kSealed;
}

void Submission::recovered() {
  const MutexLock lock(mutex_);
  // What was in it at least was durable once, perhaps.
  if (record_.has_lost_bytes) {
    write_failure_ = Error(ErrorCode::kIo, std::string(kLostBytes));
  }
  if (record_.state == SubmissionState::kSealing) {
    record_.state = SubmissionState::kOpen;
    seal_is_asked_ = true;
  } else if (record_.state == SubmissionState::kOpen) {
    waits_ = record_.kind == SubmissionKind::kDirectory || !record_.is_closed;
    record_.error = waits_ ? kInterrupted : "";
  }
}

void Submission::forget_piece() {
  const MutexLock lock(mutex_);
  record_.key.clear();
  record_.piece.clear();
  record_.root.clear();
  record_.car_size = 0;
  record_.piece_size = 0;
}

void Submission::opened() {
  const MutexLock lock(mutex_);
  ++open_count_;
}

bool Submission::is_open() const {
  const MutexLock lock(mutex_);
  return open_count_ > 0;
}

void Submission::closed() {
  const InboxClock::time_point now = context_->now();
  bool is_asked = false;
  {
    const MutexLock lock(mutex_);
    --open_count_;
    changed_at_ = now;
    is_asked = seal_is_asked_;
  }
  context_->rescheduled(is_asked ? now : now + context_->settle_time);
}

Status Submission::begin_change() {
  const MutexLock lock(mutex_);
  switch (record_.state) {
    case SubmissionState::kOpen: break;
    case SubmissionState::kSealing:
    case SubmissionState::kPublishing:
      return refusal(EBUSY, "it is being sealed");
    case SubmissionState::kSealed:
    case SubmissionState::kFailed: return refusal(EROFS, "it is complete");
  }
  ++change_count_;
  return ok_status();
}

void Submission::changed() {
  const InboxClock::time_point now = context_->now();
  bool is_asked = false;
  {
    const MutexLock lock(mutex_);
    --change_count_;
    changed_at_ = now;
    is_asked = seal_is_asked_;
    if (waits_ && record_.kind == SubmissionKind::kDirectory) {
      waits_ = false;
      record_.error.clear();
    }
  }
  context_->rescheduled(is_asked ? now : now + context_->settle_time);
}

Status Submission::store(const SubmissionRecord& record,
                         Durability durability) {
  // In the place of a durable one, one that is not could be none after all.
  if (is_durable_) durability = Durability::kMachine;
  DAGFS_TRY(replace_file(folder_, kRecordName, encode_submission_record(record),
                         durability));
  is_durable_ = durability == Durability::kMachine;
  return ok_status();
}

Status Submission::write_record(Durability durability) {
  const MutexLock file_lock(record_file_mutex_);
  SubmissionRecord record;
  {
    const MutexLock lock(mutex_);
    if (is_retired_) return ok_status();
    record = record_;
  }
  return store(record, durability);
}

Status Submission::rename(const std::string& name, std::uint64_t named) {
  const MutexLock file_lock(record_file_mutex_);
  SubmissionRecord renamed = record();
  renamed.name = name;
  renamed.named = named;
  DAGFS_TRY(store(renamed, Durability::kProcess));
  const MutexLock lock(mutex_);
  record_.name = name;
  record_.named = named;
  changed_at_ = context_->now();
  return ok_status();
}

void Submission::set_attributes(mode_t permissions, uid_t uid, gid_t gid,
                                timespec mtime) {
  const MutexLock lock(mutex_);
  record_.permissions = permissions;
  record_.uid = uid;
  record_.gid = gid;
  record_.mtime = mtime;
}

void Submission::set_mtime(timespec mtime) {
  const MutexLock lock(mutex_);
  record_.mtime = mtime;
}

Status Submission::begin_retiring() {
  const MutexLock file_lock(record_file_mutex_);
  const MutexLock lock(mutex_);
  if (is_claimed_) return refusal(EBUSY, "it is being sealed");
  is_retired_ = true;
  return ok_status();
}

void Submission::cancel_retiring() {
  const MutexLock lock(mutex_);
  is_retired_ = false;
}

Status Submission::remove_record() {
  const MutexLock file_lock(record_file_mutex_);
  // Without its record a folder is nobody's.
  const std::string path = folder_ + '/' + std::string(kRecordName);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return error_from_errno(errno, path);
  }
  return ok_status();
}

Status Submission::retire() {
  DAGFS_TRY(begin_retiring());
  Status removed = remove_record();
  if (!removed.ok()) cancel_retiring();
  return removed;
}

void Submission::ask_for_seal() {
  {
    const MutexLock lock(mutex_);
    seal_is_asked_ = true;
  }
  context_->rescheduled(context_->now());
}

Status Submission::ask_for_retry() {
  if (state() != SubmissionState::kFailed) {
    return refusal(EINVAL, "it did not fail");
  }
  if (record().piece.empty()) DAGFS_TRY(prepare_retry());
  {
    const MutexLock lock(mutex_);
    if (record_.state != SubmissionState::kFailed) {
      return refusal(EINVAL, "it did not fail");
    }
    record_.state = record_.piece.empty() ? SubmissionState::kOpen
                                          : SubmissionState::kPublishing;
    record_.error.clear();
    seal_is_asked_ = true;
  }
  context_->rescheduled(context_->now());
  return ok_status();
}

std::optional<InboxClock::time_point> Submission::due() const {
  const bool by_itself = seals_by_itself();
  const MutexLock lock(mutex_);
  if (is_claimed_ || is_retired_) return std::nullopt;
  if (record_.state == SubmissionState::kPublishing) return changed_at_;
  if (record_.state != SubmissionState::kOpen || open_count_ > 0 ||
      change_count_ > 0) {
    return std::nullopt;
  }
  if (seal_is_asked_) return changed_at_;
  const bool is_partial =
      record_.kind == SubmissionKind::kDirectory && write_failure_.has_value();
  if (!by_itself || waits_ || is_partial) return std::nullopt;
  return changed_at_ + context_->settle_time;
}

bool Submission::begin_sealing() {
  const auto when = due();
  if (!when.has_value() || *when > context_->now()) return false;
  const MutexLock lock(mutex_);
  if (is_claimed_ || is_retired_ || open_count_ > 0 || change_count_ > 0) {
    return false;
  }
  if (record_.state == SubmissionState::kOpen) {
    record_.state = SubmissionState::kSealing;
  } else if (record_.state != SubmissionState::kPublishing) {
    return false;
  }
  is_claimed_ = true;
  return true;
}

void Submission::set_open() {
  const MutexLock lock(mutex_);
  record_.state = SubmissionState::kOpen;
  is_claimed_ = false;
  changed_at_ = context_->now();
}

Status Submission::set_publishing(const IngestedPath& made) {
  const WrittenPiece& piece = made.piece;
  const ShardKey key = DAGFS_TRY(key_of_piece(piece));
  {
    const MutexLock lock(mutex_);
    record_.state = SubmissionState::kPublishing;
    record_.key = key.text();
    record_.piece = made.file.substr(made.file.rfind('/') + 1);
    record_.size = content_size();
    record_.root =
        piece.roots.size() == 1 ? piece.roots.front().to_string() : "";
    record_.car_size = piece.car_size;
    record_.piece_size = piece.commitment.piece.padded().bytes();
  }
  kill_point("seal.made");
  DAGFS_TRY(write_record(Durability::kMachine));
  kill_point("seal.publishing");
  return ok_status();
}

Status Submission::set_sealed() {
  kill_point("seal.published");
  const MutexLock file_lock(record_file_mutex_);
  SubmissionRecord sealed = record();
  sealed.state = SubmissionState::kSealed;
  sealed.error.clear();
  DAGFS_TRY(store(sealed, Durability::kMachine));
  kill_point("seal.sealed");
  // Seen as sealed only now that it is so for good.
  const MutexLock lock(mutex_);
  record_.state = SubmissionState::kSealed;
  record_.error.clear();
  is_claimed_ = false;
  return ok_status();
}

void Submission::set_failed(const Error& error) {
  {
    const MutexLock lock(mutex_);
    record_.state = SubmissionState::kFailed;
    record_.error = error.message();
    is_claimed_ = false;
    seal_is_asked_ = false;
  }
  // Where even this fails the next process tries to seal it again.
  (void)write_record(Durability::kMachine);
}

void Submission::note_write_failure(const Error& error) {
  const MutexLock lock(mutex_);
  record_.has_lost_bytes = true;
  if (write_failure_.has_value()) return;
  write_failure_ = error;
  if (record_.state == SubmissionState::kOpen) record_.error = error.message();
}

void Submission::forget_write_failure() {
  const MutexLock lock(mutex_);
  if (!write_failure_.has_value()) return;
  write_failure_.reset();
  record_.has_lost_bytes = false;
  record_.error.clear();
}

Status Submission::note_unclosed() {
  {
    const MutexLock lock(mutex_);
    if (!record_.is_closed) return ok_status();
    record_.is_closed = false;
  }
  Status written = write_record(Durability::kProcess);
  if (!written.ok()) {
    const MutexLock lock(mutex_);
    record_.is_closed = true;
  }
  return written;
}

void Submission::note_closed() {
  const MutexLock lock(mutex_);
  record_.is_closed = true;
  if (!waits_) return;
  waits_ = false;
  record_.error.clear();
}

Status Submission::write_failure() const {
  const MutexLock lock(mutex_);
  if (write_failure_.has_value()) return *write_failure_;
  return ok_status();
}

}  // namespace dagfs::dagstore
