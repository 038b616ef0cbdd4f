// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/inbox.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "car/base/file.h"
#include "car/base/kill_point.h"
#include "dagstore/durable_file.h"

namespace dagfs::dagstore {
namespace {

// One large directory shall not hold up what comes after it.
constexpr int kSealers = 2;
constexpr std::chrono::hours kNothingDue(1);
constexpr std::uint64_t kRecordSizeMax = std::uint64_t{1} << 20;

Result<std::string> read_text(const std::string& path) {
  const auto file = DAGFS_TRY(PosixFile::open(path));
  if (file->size() > kRecordSizeMax) {
    return Error(ErrorCode::kCorrupt, path + ": too long for a record");
  }
  std::string text(file->size(), '\0');
  DAGFS_TRY(file->read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

void remove_folder(const std::string& folder) {
  std::error_code ignored;  // The next start tries again.
  std::filesystem::remove_all(folder, ignored);
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

Error nothing_named(const std::string& name) { return refusal(ENOENT, name); }

// Under a name that tells which folder has its bytes.
SubmissionRecord damaged_record(const std::string& folder, const Error& why) {
  SubmissionRecord record;
  record.name = "damaged-" + folder.substr(folder.rfind('/') + 1);
  if (is_folder(folder + "/tree")) record.kind = SubmissionKind::kDirectory;
  record.state = SubmissionState::kFailed;
  record.error = why.message();
  return record;
}

Inbox::SubmissionPtr submission_of(std::uint64_t id, const std::string& folder,
                                   SubmissionRecord record,
                                   const SubmissionContext* context) {
  if (record.kind == SubmissionKind::kDirectory) {
    return std::make_shared<DirectorySubmission>(id, folder, std::move(record),
                                                 context);
  }
  return std::make_shared<FileSubmission>(id, folder, std::move(record),
                                          context);
}

// Of an earlier process.
void take_up(Submission& submission) {
  submission.recovered();
  const SubmissionRecord record = submission.record();
  Status status = ok_status();
  switch (record.state) {
    case SubmissionState::kOpen:
    case SubmissionState::kSealing: status = submission.recover(); break;
    case SubmissionState::kFailed:
      // A piece that is in its place already is all there is of it.
      if (!record.piece.empty() &&
          !stamp_of_path(submission.folder() + '/' + record.piece).ok()) {
        break;
      }
      submission.forget_piece();
      status = submission.recover();
      break;
    case SubmissionState::kPublishing: break;
    case SubmissionState::kSealed: submission.drop_content(); break;
  }
  if (!status.ok()) submission.set_failed(status.error());
}

timespec wall_clock_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

bool is_complete(SubmissionState state) {
  return state == SubmissionState::kSealed || state == SubmissionState::kFailed;
}

}  // namespace

Inbox::Inbox(Dagstore* store, const InboxOptions& options,
             std::unique_ptr<Publisher> publisher)
    : store_(store),
      options_(options),
      folder_(store->repo() + "/inbox"),
      publisher_(std::move(publisher)),
      context_{.profile = options.profile,
               .settle_time = options.settle_time,
               .now = options.now,
               .pool = &pool_,
               .stop = stop_.get_token(),
               .rescheduled = [this](InboxClock::time_point due) {
                 reschedule(due);
               }} {}

Result<std::unique_ptr<Inbox>> Inbox::open(Dagstore* store,
                                           const InboxOptions& options) {
  DAGFS_TRY(car::check_import_profile(options.profile));
  auto publisher = DAGFS_TRY(Publisher::create(store));
  std::unique_ptr<Inbox> inbox(new Inbox(store, options, std::move(publisher)));
  DAGFS_TRY(make_folder(inbox->folder_));
  DAGFS_TRY(inbox->recover());
  for (int i = 0; i < kSealers; ++i) {
    inbox->sealers_.emplace_back(
        [owner = inbox.get()] { owner->seal_what_is_due(); });
  }
  return inbox;
}

void Inbox::stop() {
  stop_.request_stop();
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
}

Inbox::~Inbox() {
  stop();
  for (std::thread& sealer : sealers_) sealer.join();
}

std::string Inbox::folder_of(std::uint64_t id) const {
  return fmt::format("{}/{:08x}", folder_, id);
}

Status Inbox::recover() {
  std::vector<std::uint64_t> ids;
  std::error_code failure;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_, failure)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t id = 0;
    const auto [end, problem] =
        std::from_chars(name.data(), name.data() + name.size(), id, 16);
    if (problem == std::errc() && end == name.data() + name.size()) {
      ids.push_back(id);
    }
  }
  if (failure) return error_from_errno(failure.value(), folder_);
  std::ranges::sort(ids);
  std::vector<SubmissionPtr> damaged;
  for (const std::uint64_t id : ids) DAGFS_TRY(recover_folder(id, &damaged));
  // Now that it is known which names are free.
  const MutexLock lock(mutex_);
  for (SubmissionPtr& submission : damaged) {
    SubmissionRecord record = submission->record();
    while (by_name_.contains(record.name)) record.name += '~';
    const std::uint64_t id = submission->id();
    submission = submission_of(id, folder_of(id), record, &context_);
    by_name_.emplace(record.name, submission);
  }
  return ok_status();
}

Status Inbox::recover_folder(std::uint64_t id,
                             std::vector<SubmissionPtr>* damaged) {
  const std::string folder = folder_of(id);
  const MutexLock lock(mutex_);
  next_id_ = std::max(next_id_, id + 1);
  const std::string path = folder + '/' + std::string(kRecordName);
  (void)::unlink(temporary_name(path).c_str());
  auto text = read_text(path);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound) {
    // Nobody was told yet that it had been kept.
    remove_folder(folder);
    return ok_status();
  }
  auto record = text.ok() ? decode_submission_record(*text) : text.error();
  if (record.ok()) {
    adopt(id, *std::move(record));
  } else {
    // One that cannot be read must not keep the others from being there.
    damaged->push_back(submission_of(
        id, folder, damaged_record(folder, record.error()), &context_));
  }
  return ok_status();
}

void Inbox::adopt(std::uint64_t id, SubmissionRecord record) {
  const std::string folder = folder_of(id);
  next_id_ = std::max(next_id_, record.named + 1);
  if (record.name.empty()) return finish_ingest(folder, record);
  const auto [place, is_new] = by_name_.try_emplace(record.name);
  if (!is_new) {
    // A crash while one was to take the other's place.
    if (place->second->record().named > record.named) {
      return remove_folder(folder);
    }
    remove_folder(place->second->folder());
  }
  place->second = submission_of(id, folder, std::move(record), &context_);
  take_up(*place->second);
}

// Of a path that was being ingested when the process ended.
void Inbox::finish_ingest(const std::string& folder,
                          const SubmissionRecord& record) {
  const auto key = ShardKey::parse(record.key);
  // If it fails there is no shard; nobody was told of one.
  if (key.ok()) (void)publisher_->publish(folder + '/' + record.piece, *key);
  remove_folder(folder);
}

Inbox::SubmissionPtr Inbox::find(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<Inbox::SubmissionPtr> Inbox::list() const {
  const MutexLock lock(mutex_);
  std::vector<SubmissionPtr> all;
  all.reserve(by_name_.size());
  for (const auto& [name, submission] : by_name_) all.push_back(submission);
  return all;
}

Result<std::uint64_t> Inbox::make_work_folder() {
  std::uint64_t id = 0;
  {
    const MutexLock lock(mutex_);
    id = next_id_++;
  }
  if (::mkdir(folder_of(id).c_str(), 0700) != 0) {
    return error_from_errno(errno, folder_of(id));
  }
  return id;
}

bool Inbox::is_taken(const std::string& name) const {
  const MutexLock lock(mutex_);
  return by_name_.contains(name);
}

Result<std::shared_ptr<FileSubmission>> Inbox::create_file(
    const SubmissionRecord& record) {
  // Now, as after a crash the newer of two has the name.
  if (is_taken(record.name)) return refusal(EEXIST, record.name);
  const std::uint64_t id = DAGFS_TRY(make_work_folder());
  SubmissionRecord named = record;
  named.named = id;
  auto file =
      std::make_shared<FileSubmission>(id, folder_of(id), named, &context_);
  Status written = file->write_record(Durability::kProcess);
  const MutexLock lock(mutex_);
  if (written.ok() && by_name_.try_emplace(record.name, file).second) {
    return file;
  }
  remove_folder(folder_of(id));
  if (!written.ok()) return written.error();
  return refusal(EEXIST, record.name);
}

Result<std::shared_ptr<DirectorySubmission>> Inbox::create_directory(
    const std::string& name) {
  if (is_taken(name)) return refusal(EEXIST, name);
  const std::uint64_t id = DAGFS_TRY(make_work_folder());
  auto directory = std::make_shared<DirectorySubmission>(
      id, folder_of(id),
      SubmissionRecord{.name = name,
                       .named = id,
                       .kind = SubmissionKind::kDirectory,
                       .mtime = wall_clock_time()},
      &context_);
  Status made = directory->recover();
  // Durable now, as a file in it may be synced at any time.
  if (made.ok()) made = directory->write_record(Durability::kMachine);
  if (made.ok()) made = sync_folder(folder_);
  const MutexLock lock(mutex_);
  if (made.ok() && by_name_.try_emplace(name, directory).second) {
    return directory;
  }
  remove_folder(folder_of(id));
  if (!made.ok()) return made.error();
  return refusal(EEXIST, name);
}

Status Inbox::check_forgettable(const Submission& submission) {
  switch (submission.state()) {
    case SubmissionState::kSealing:
    case SubmissionState::kPublishing:
      return refusal(EBUSY, "it is being sealed");
    case SubmissionState::kOpen:
      if (const auto* directory =
              dynamic_cast<const DirectorySubmission*>(&submission)) {
        std::error_code failure;
        if (!std::filesystem::is_empty(directory->tree(), failure)) {
          return refusal(ENOTEMPTY, "the directory");
        }
      }
      break;
    case SubmissionState::kSealed:
    case SubmissionState::kFailed: break;
  }
  return ok_status();
}

Status Inbox::remove(const std::string& name, bool with_content) {
  SubmissionPtr submission;
  {
    const MutexLock lock(mutex_);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return nothing_named(name);
    submission = found->second;
    if (!with_content) DAGFS_TRY(check_forgettable(*submission));
    DAGFS_TRY(submission->retire());
    by_name_.erase(found);
  }
  // Not only when the kernel, too, has forgotten it.
  if (!submission->is_open()) {
    submission->drop_content();
    remove_folder(submission->folder());
  }
  changed_.notify_all();
  return ok_status();
}

Status Inbox::check_replaced(const Submission& moved,
                             const Submission& replaced) {
  const bool is_directory = replaced.looks_like_directory();
  if (is_directory && !moved.looks_like_directory()) {
    return refusal(EISDIR, "what has the new name");
  }
  if (!is_directory && moved.looks_like_directory()) {
    return refusal(ENOTDIR, "what has the new name");
  }
  return ok_status();
}

Status Inbox::rename(const std::string& from, const std::string& to,
                     Replace replace) {
  const SubmissionPtr renamed = DAGFS_TRY(change_name(from, to, replace));
  kill_point("inbox.renamed");
  // Once more, unlocked: what was synced under the old name is under this one.
  return renamed->write_record(Durability::kMachine);
}

Result<Inbox::SubmissionPtr> Inbox::change_name(const std::string& from,
                                                const std::string& to,
                                                Replace replace) {
  SubmissionPtr replaced;  // Dies unlocked.
  const MutexLock lock(mutex_);
  const auto found = by_name_.find(from);
  if (found == by_name_.end()) return nothing_named(from);
  const SubmissionPtr submission = found->second;
  if (from == to) return submission;
  const auto other = by_name_.find(to);
  if (other != by_name_.end()) {
    if (replace == Replace::kNever) return refusal(EEXIST, to);
    DAGFS_TRY(check_replaced(*submission, *other->second));
    DAGFS_TRY(check_forgettable(*other->second));
    replaced = other->second;
    DAGFS_TRY(replaced->begin_retiring());
  }
  Status renamed = submission->rename(to, next_id_++);
  if (!renamed.ok()) {
    if (replaced != nullptr) replaced->cancel_retiring();
    return renamed.error();
  }
  kill_point("inbox.renaming");
  if (replaced != nullptr) {
    // Should this fail, the next process still knows who has the name.
    (void)replaced->remove_record();
    by_name_.erase(other);
  }
  by_name_.erase(found);
  by_name_.emplace(to, submission);
  ++schedule_;
  changed_.notify_all();
  return submission;
}

Status Inbox::seal(const std::string& name) {
  const SubmissionPtr submission = find(name);
  if (submission == nullptr) return nothing_named(name);
  if (submission->state() == SubmissionState::kFailed) {
    return refusal(EINVAL, "it failed");
  }
  submission->ask_for_seal();
  return ok_status();
}

Status Inbox::retry(const std::string& name) {
  const SubmissionPtr submission = find(name);
  if (submission == nullptr) return nothing_named(name);
  return submission->ask_for_retry();
}

Result<SubmissionRecord> Inbox::wait(const std::string& name,
                                     const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kStopLatency(200);
  const SubmissionPtr submission = find(name);
  if (submission == nullptr) return nothing_named(name);
  const MutexLock lock(mutex_);
  while (!is_complete(submission->state())) {
    if (stop.stop_requested() || is_ending_) {
      return Error(ErrorCode::kUnavailable, "stopped while it was sealed");
    }
    changed_.wait_for(mutex_, kStopLatency);
  }
  return submission->record();
}

Result<IngestResult> Inbox::ingest(const std::string& path,
                                   const car::ImportProfile& profile,
                                   const Progress& progress) {
  const car::TreeImportOptions options = {
      .profile = profile, .progress = progress, .stop = stop_.get_token()};
  const std::uint64_t id = DAGFS_TRY(make_work_folder());
  const std::string work = folder_of(id);
  auto made = make_piece(path, work, false, options, &pool_);
  Result<IngestResult> result = [&]() -> Result<IngestResult> {
    IngestedPath piece = DAGFS_TRY(std::move(made));
    ShardKey key = DAGFS_TRY(key_of_piece(piece.piece));
    kill_point("ingest.made");
    // For whoever finds it after a crash half-way between here and there.
    const SubmissionRecord record = {
        .state = SubmissionState::kPublishing,
        .key = key.text(),
        .piece = piece.file.substr(piece.file.rfind('/') + 1)};
    DAGFS_TRY(replace_file(work, kRecordName, encode_submission_record(record),
                           Durability::kMachine));
    kill_point("ingest.recorded");
    DAGFS_TRY(publisher_->publish(piece.file, key));
    return IngestResult{std::move(key), std::move(piece.piece)};
  }();
  remove_folder(work);
  return result;
}

void Inbox::reschedule(InboxClock::time_point due) {
  {
    const MutexLock lock(mutex_);
    // Most changes only put off what is due anyway; whoever is to look before
    // then will see.
    if (due >= wake_at_ && options_.now() < wake_at_) return;
    ++schedule_;
  }
  changed_.notify_all();
}

void Inbox::look_again() {
  {
    const MutexLock lock(mutex_);
    ++schedule_;
  }
  changed_.notify_all();
}

Inbox::SubmissionPtr Inbox::next_due(InboxClock::time_point* wake_at) const {
  const InboxClock::time_point now = options_.now();
  *wake_at = now + kNothingDue;
  for (const SubmissionPtr& submission : list()) {
    const auto due = submission->due();
    if (!due.has_value()) continue;
    if (*due <= now && submission->begin_sealing()) return submission;
    *wake_at = std::min(*wake_at, *due);
  }
  return nullptr;
}

void Inbox::seal_what_is_due() {
  while (true) {
    std::uint64_t schedule = 0;
    {
      const MutexLock lock(mutex_);
      if (is_ending_) return;
      schedule = schedule_;
      wake_at_ = InboxClock::time_point::max();
    }
    InboxClock::time_point wake_at;
    if (const SubmissionPtr submission = next_due(&wake_at)) {
      // This one may be long at it: the other has to look for what is due next.
      look_again();
      seal_now(*submission);
      look_again();
      continue;
    }
    const MutexLock lock(mutex_);
    if (!is_ending_ && schedule == schedule_) {
      wake_at_ = std::min(wake_at_, wake_at);
      const auto pause = wake_at - options_.now();
      changed_.wait_for(mutex_, std::max(pause, decltype(pause)(0)));
    }
  }
}

void Inbox::seal_now(Submission& submission) {
  const Status status = make_and_publish(submission);
  if (status.ok()) {
    submission.drop_content();
    return;
  }
  const bool has_piece = !submission.record().piece.empty();
  if (stop_.stop_requested()) {
    // The next process finds it as its record says: open, or on its way.
    if (!has_piece) submission.set_open();
    return;
  }
  if (status.error().code() == ErrorCode::kStale && !has_piece) {
    submission.set_open();
    (void)submission.write_record(Durability::kProcess);
    return;
  }
  submission.set_failed(status.error());
}

Status Inbox::make_and_publish(Submission& submission) {
  if (submission.record().piece.empty()) {
    // As the next process has to know that it was at rest.
    DAGFS_TRY(submission.write_record(Durability::kProcess));
    kill_point("seal.begin");
    const IngestedPath made = DAGFS_TRY(submission.make_piece());
    DAGFS_TRY(submission.set_publishing(made));
  }
  return publish(submission);
}

Status Inbox::publish(Submission& submission) {
  const SubmissionRecord record = submission.record();
  const ShardKey key = DAGFS_TRY(ShardKey::parse(record.key));
  DAGFS_TRY(publisher_->publish(submission.folder() + '/' + record.piece, key));
  return submission.set_sealed();
}

}  // namespace dagfs::dagstore
