// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where data becomes shards. docs/formats/inbox.md has what lies on the disk.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/tree_importer.h"
#include "dagstore/dagstore.h"
#include "dagstore/ingest/directory_submission.h"
#include "dagstore/ingest/file_submission.h"
#include "dagstore/ingest/publisher.h"
#include "dagstore/ingest/submission.h"

namespace dagfs::dagstore {

struct InboxOptions {
  car::ImportProfile profile;
  std::chrono::nanoseconds settle_time = std::chrono::seconds(2);
  std::function<InboxClock::time_point()> now = InboxClock::now;
};

// What became of a path that was ingested.
struct IngestResult {
  ShardKey key;
  WrittenPiece piece;
};

// The submissions of a repo, by name, and the threads that seal them. Safe for
// use from many threads at once. Errors of changes are kRefused with the errno
// of the file system call that they stand for.
class Inbox {
 public:
  using SubmissionPtr = std::shared_ptr<Submission>;

  // Takes up what an earlier process left: every submission is there again,
  // sealed or not, with all that was closed or synced. `store` outlives it;
  // one inbox a repo. kIo, kNoSpace.
  static Result<std::unique_ptr<Inbox>> open(Dagstore* store,
                                             const InboxOptions& options);
  ~Inbox();  // As stop(); waits for the threads. No call may be running.

  // Makes what is being sealed or ingested end soon, and every later one: it is
  // sealed by the next process. wait() and ingest() answer kUnavailable.
  void stop();

  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Null: there is none of this name.
  SubmissionPtr find(std::string_view name) const;
  // All, by name.
  std::vector<SubmissionPtr> list() const;

  // EEXIST.
  Result<std::shared_ptr<FileSubmission>> create_file(
      const SubmissionRecord& record);
  Result<std::shared_ptr<DirectorySubmission>> create_directory(
      const std::string& name);

  // Forgets it and its bytes; of a sealed one the shard stays. ENOENT; EBUSY
  // while it is being sealed; ENOTEMPTY for an open directory that has
  // something in it, unless `with_content`.
  Status remove(const std::string& name, bool with_content);

  enum class Replace : std::uint8_t { kNever, kYes };
  // As rename(2): what had the new name is forgotten. A directory replaces only
  // an empty directory, and a file no directory.
  Status rename(const std::string& from, const std::string& to,
                Replace replace);

  // Seals it as soon as nothing is open in it. ENOENT; EINVAL: it failed.
  Status seal(const std::string& name);
  Status retry(const std::string& name);
  // Until it is sealed or failed, or `stop`.
  Result<SubmissionRecord> wait(const std::string& name,
                                const std::stop_token& stop);

  // Makes a shard of a local path, without an entry here. Blocks; the caller's
  // thread works. Errors as make_piece and Publisher::publish.
  using Progress = std::function<void(const car::ImportProgress&)>;
  Result<IngestResult> ingest(const std::string& path,
                              const car::ImportProfile& profile,
                              const Progress& progress);

  const InboxOptions& options() const { return options_; }
  const std::string& folder() const { return folder_; }

 private:
  Inbox(Dagstore* store, const InboxOptions& options,
        std::unique_ptr<Publisher> publisher);

  Status recover();
  Status recover_folder(std::uint64_t id, std::vector<SubmissionPtr>* damaged);
  void adopt(std::uint64_t id, SubmissionRecord record) DAGFS_REQUIRES(mutex_);
  void finish_ingest(const std::string& folder, const SubmissionRecord& record);
  bool is_taken(const std::string& name) const DAGFS_EXCLUDES(mutex_);
  Result<std::uint64_t> make_work_folder();
  std::string folder_of(std::uint64_t id) const;
  Result<SubmissionPtr> change_name(const std::string& from,
                                    const std::string& to, Replace replace);
  Status check_replaced(const Submission& moved, const Submission& replaced);
  Status check_forgettable(const Submission& submission);

  void seal_what_is_due();  // A sealing thread.
  SubmissionPtr next_due(InboxClock::time_point* wake_at) const;
  void seal_now(Submission& submission);
  Status make_and_publish(Submission& submission);
  Status publish(Submission& submission);
  void reschedule(InboxClock::time_point due);
  void look_again();

  Dagstore* const store_;
  const InboxOptions options_;
  const std::string folder_;
  const std::unique_ptr<Publisher> publisher_;
  car::HashPool pool_;
  std::stop_source stop_;
  SubmissionContext context_;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::map<std::string, SubmissionPtr, std::less<>> by_name_
      DAGFS_GUARDED_BY(mutex_);
  std::uint64_t next_id_ DAGFS_GUARDED_BY(mutex_) = 1;
  std::uint64_t schedule_ DAGFS_GUARDED_BY(mutex_) = 0;
  // When a sealing thread will look whatever happens.
  InboxClock::time_point wake_at_ DAGFS_GUARDED_BY(mutex_) =
      InboxClock::time_point::max();
  bool is_ending_ DAGFS_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> sealers_;  // Last: they use all of the above.
};

}  // namespace dagfs::dagstore
