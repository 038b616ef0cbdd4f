// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/profile.h"
#include "dagstore/ingest/file_stream.h"
#include "dagstore/ingest/ingester.h"
#include "dagstore/ingest/submission_record.h"

namespace dagfs::dagstore {

inline constexpr std::string_view kRecordName = "submission.json";

using InboxClock = std::chrono::steady_clock;

// What all submissions of an inbox share; outlives them.
struct SubmissionContext {
  car::ImportProfile profile;
  std::chrono::nanoseconds settle_time;
  std::function<InboxClock::time_point()> now;
  car::HashPool* pool;
  std::stop_token stop;  // Asked to, the making of pieces ends soon.
  // Called, from any thread and with no lock held, when a submission may be
  // ready to be sealed at that time, which it was not before.
  std::function<void(InboxClock::time_point)> rescheduled;
};

// One child of the inbox, in a folder of its own below the repo's inbox/.
// Safe for use from many threads at once.
//
// Of a submission that is not kOpen nothing can be changed: kRefused with
// EBUSY while it is being sealed, with EROFS afterwards.
class Submission {
 public:
  Submission(std::uint64_t id, std::string folder, SubmissionRecord record,
             const SubmissionContext* context)
      : context_(context),
        id_(id),
        folder_(std::move(folder)),
        record_(std::move(record)),
        changed_at_(context->now()) {}
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;
  // Takes its folder away if it was retired.
  virtual ~Submission();

  std::uint64_t id() const { return id_; }  // Never used again in a repo.
  const std::string& folder() const { return folder_; }
  SubmissionRecord record() const;
  SubmissionState state() const;

  // An earlier process left it. One that was still being written is not sealed
  // by itself then: a directory until it is changed again, a file until a
  // writer closes it. Before all that follows.
  void recovered();
  // Makes what an earlier process left ready to be used. kCorrupt: bytes that
  // had been there are not. kNoSpace, kIo.
  virtual Status recover() = 0;
  // The piece is to be made anew from what is there.
  void forget_piece();

  // Life of handles and changes, as the file system tells them. Never wait.
  void opened();
  void closed();
  bool is_open() const;
  Status begin_change();  // changed() follows, unless it is refused.
  void changed();

  // A directory that is not a link to its shard yet.
  bool looks_like_directory() const;

  // Writes the record. Once that was durable it always is: what replaces it
  // must not be less.
  Status write_record(Durability durability);
  // On disk first: after an Error it has its old name.
  Status rename(const std::string& name, std::uint64_t named);
  // Of a file.
  void set_attributes(mode_t permissions, uid_t uid, gid_t gid, timespec mtime);
  void set_mtime(timespec mtime);

  // Bytes written are lost, so it must not be sealed as if it were whole: a
  // file fails then, and a directory waits until it is told to.
  void note_write_failure(const Error& error);

  // It has no name any more: nobody will seal it, and when the last one lets go
  // of it, it is gone; a crash has the same effect. kRefused (EBUSY): it is
  // being sealed.
  Status retire();
  // retire() in two steps; between them it can be taken back.
  Status begin_retiring();
  void cancel_retiring();
  Status remove_record();

  // To be sealed as soon as nothing is open any more.
  void ask_for_seal();
  // A failed one is to be tried again. kRefused (EINVAL): it is not failed.
  // Else why what is left of it cannot be used.
  Status ask_for_retry();
  // When it can be sealed if nothing happens until then; nullopt: not by
  // waiting alone.
  std::optional<InboxClock::time_point> due() const;

  // For whoever seals, until one of the set_ functions ends that. False:
  // somebody else does, or it is not due any more.
  bool begin_sealing();
  // Makes its piece; the file is in the folder, durable. kStale: it was
  // written to meanwhile. Else what is wrong with it.
  virtual Result<IngestedPath> make_piece() = 0;
  void set_open();  // It is to be tried again from the start.
  Status set_publishing(const IngestedPath& piece);
  Status set_sealed();
  // Durably if that is possible.
  void set_failed(const Error& error);
  // Lets go of what a complete or removed submission does not need.
  virtual void drop_content() = 0;

 protected:
  // Bytes, of a file.
  virtual std::uint64_t content_size() const { return 0; }
  // Whether it should be sealed without being asked to.
  virtual bool seals_by_itself() const = 0;
  // Makes what an attempt left ready for the next one.
  virtual Status prepare_retry() { return ok_status(); }
  void forget_write_failure();  // Nothing of what was written is wanted.
  Status write_failure() const;
  // Of a file: before it is written to again, and when a writer closed it.
  Status note_unclosed();
  void note_closed();

  const SubmissionContext* const context_;

 private:
  Status store(const SubmissionRecord& record, Durability durability)
      DAGFS_REQUIRES(record_file_mutex_);

  const std::uint64_t id_;
  const std::string folder_;

  Mutex record_file_mutex_;  // Before mutex_: records are written in order.
  bool is_durable_ DAGFS_GUARDED_BY(record_file_mutex_) = false;
  mutable Mutex mutex_;
  SubmissionRecord record_ DAGFS_GUARDED_BY(mutex_);
  std::uint64_t open_count_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t change_count_ DAGFS_GUARDED_BY(mutex_) = 0;
  bool seal_is_asked_ DAGFS_GUARDED_BY(mutex_) = false;
  bool waits_ DAGFS_GUARDED_BY(mutex_) = false;       // See recovered().
  bool is_claimed_ DAGFS_GUARDED_BY(mutex_) = false;  // By who seals it.
  bool is_retired_ DAGFS_GUARDED_BY(mutex_) = false;
  InboxClock::time_point changed_at_ DAGFS_GUARDED_BY(mutex_);
  std::optional<Error> write_failure_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::dagstore
