// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the parts of a FUSE session share. Not for use outside fs/fuse/.

#pragma once

#include <fuse_lowlevel.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "car/base/mutex.h"
#include "car/base/unique_fd.h"
#include "fs/fuse/backing_files.h"
#include "fs/fuse/device_io.h"
#include "fs/fuse/handle_table.h"
#include "fs/fuse/notifier.h"
#include "fs/fuse/pending_table.h"
#include "fs/fuse/reply.h"
#include "fs/fuse/request_loop.h"
#include "fs/fuse/request_memory.h"
#include "fs/fuse/session.h"
#include "fs/inode_table.h"
#include "fs/lane.h"

namespace dagfs::fs {

// Requests that may wait for something, in all lanes together: 16 shards may
// hang before others feel it.
inline constexpr unsigned kWaitingRequestsMax = 128;
// Threads beyond those, so that requests which wait for nothing are answered
// even if all the others hang.
inline constexpr unsigned kReservedThreads = 8;

struct OpenFile {
  NodeId inode;
  std::shared_ptr<Lane> lane;
  std::unique_ptr<FileHandle> handle;
  bool closes_in_lane = false;  // Closing may wait.
};

struct OpenDirectory {
  NodeId inode;
  NodePtr node;
  std::unique_ptr<DirectoryHandle> handle;
};

// Shared by the session and each of its threads, so that one that is stuck in a
// request finds everything in place when it comes back.
class SessionCore final : public RequestSource {
 public:
  SessionCore(SessionOptions session_options, NodePtr root,
              std::uint64_t root_inode);
  SessionCore(const SessionCore&) = delete;
  SessionCore& operator=(const SessionCore&) = delete;
  ~SessionCore() override;

  std::unique_ptr<Buffer> make_buffer() override;
  Received receive(Buffer& buffer) override;
  void process(Buffer& buffer) override;

  // The request that this thread was asked to work on last.
  static RequestId current_request();
  // `payload` of that request, for as long as it is wanted. Once.
  WrittenBytes keep_payload(ByteView payload);
  // Writes an answer of nothing but a number.
  void answer_raw(RequestId id, int error_number);

  // Calls `body(FuseReply)` now, or when `lane` has room; null: now. An answer
  // is not given twice, and not given up: what `body` drops is answered EIO.
  template <typename Body>
  void run_in(const std::shared_ptr<Lane>& lane, FuseReply reply, Body body);
  // The same for `body(FuseReply, const std::stop_token&)` that changes
  // something: once it runs, an interrupt does not answer but asks it to stop.
  template <typename Body>
  void change_in(const std::shared_ptr<Lane>& lane, FuseReply reply, Body body);

  // Answers with `error` and says so in the log.
  void fail(FuseReply reply, std::string_view request, const Error& error);

  // Wakes serve() up to look at what has changed.
  void notify() const noexcept;
  // Clears what notify() set. Waits at most `timeout`, negative: for ever.
  void wait_for_notice(std::chrono::milliseconds timeout) const;

  // Answers EINTR to interrupted requests that have not ended by themselves;
  // when to come again, or nullopt.
  std::optional<std::chrono::milliseconds> answer_interrupted();

  const SessionOptions options;
  const std::shared_ptr<RequestLoop> loop;
  DeviceIo device;
  PendingTable pending;
  LaneScheduler lanes;
  InodeTable inodes;
  BackingFiles backing;
  Notifier notifier;
  HandleTable<OpenFile> files;
  HandleTable<OpenDirectory> directories;
  const std::shared_ptr<RequestMemory> memory;
  // Constant after the mount was made.
  std::string mountpoint;           // Resolved.
  std::string device_number;        // "MAJOR:MINOR"; empty where unknown.
  fuse_session* session = nullptr;  // Owned.

  std::atomic<bool> is_stop_requested = false;
  std::atomic<bool> has_ended = false;  // The kernel has let go.

 private:
  using Clock = std::chrono::steady_clock;

  template <typename Body>
  class Waiting;

  // An interrupt that the request has some time to make needless.
  struct Interrupted {
    RequestId id;
    Clock::time_point deadline;
  };

  void note_interrupt(RequestId interrupt, RequestId request);
  // Sets the read-ahead of the mount, which the kernel allows to root only.
  void after_init();
  // Runs `work`, for which a place in `lane` is taken, and then whatever the
  // place can be given to.
  void run_here(std::shared_ptr<Lane> lane, LaneWork& work);
  void park(const std::shared_ptr<Lane>& lane, std::unique_ptr<LaneWork> work);
  static void run_guarded(LaneWork& work) noexcept;

  UniqueFd notice_;  // An eventfd.
  Mutex mutex_;
  // Deadlines ascend, as all have the same time.
  std::deque<Interrupted> interrupted_ DAGFS_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> early_interrupt_ = 0;
  std::atomic<unsigned> early_interrupts_ = 0;
};

template <typename Body>
class SessionCore::Waiting final : public LaneWork {
 public:
  Waiting(FuseReply reply, Body body)
      : reply_(std::move(reply)), body_(std::move(body)) {}

  void run() override {
    if (!reply_.is_answered()) body_(std::move(reply_));
  }
  bool is_abandoned() const override { return reply_.is_answered(); }

 private:
  FuseReply reply_;
  Body body_;
};

template <typename Body>
void SessionCore::run_in(const std::shared_ptr<Lane>& lane, FuseReply reply,
                         Body body) {
  if (lane == nullptr) {
    body(std::move(reply));
  } else if (lanes.try_enter(*lane)) {
    Waiting<Body> work(std::move(reply), std::move(body));
    run_here(lane, work);
  } else {
    // Before it is parked: an interrupt must find it from then on.
    reply.waits_in(lane);
    park(lane,
         std::make_unique<Waiting<Body>>(std::move(reply), std::move(body)));
  }
}

template <typename Body>
void SessionCore::change_in(const std::shared_ptr<Lane>& lane, FuseReply reply,
                            Body body) {
  run_in(lane, std::move(reply),
         [body = std::move(body)](FuseReply answer) mutable {
           const auto given_up = answer.begin_change();
           // An interrupt was faster: nothing happens.
           if (given_up) body(std::move(answer), *given_up);
         });
}

}  // namespace dagfs::fs
