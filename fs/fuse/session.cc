// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/session.h"

#include <fcntl.h>
#include <fuse_log.h>
#include <fuse_lowlevel.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "fs/fuse/blocked_signals.h"
#include "fs/fuse/callbacks.h"
#include "fs/fuse/mount_point.h"
#include "fs/fuse/session_core.h"

namespace dagfs::fs {
namespace {

using std::chrono::milliseconds;

// How long the end of a session waits for requests that run, and then for the
// threads that have been given up on to come back from their answers.
constexpr milliseconds kFinishTimeout{1000};
constexpr milliseconds kAbandonTimeout{500};

// libfuse's options, in its own escaping: commas separate them.
class Arguments {
 public:
  Arguments() { fuse_opt_add_arg(&args_, "dagfs"); }
  ~Arguments() {
    fuse_opt_free_args(&args_);
    std::free(options_);
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  void add(const std::string& option) {
    fuse_opt_add_opt_escaped(&options_, option.c_str());
  }

  fuse_args* finish() {
    fuse_opt_add_arg(&args_, "-o");
    fuse_opt_add_arg(&args_, options_);
    return &args_;
  }

 private:
  fuse_args args_ = FUSE_ARGS_INIT(0, nullptr);
  char* options_ = nullptr;
};

// What libfuse would print on stderr while this lives.
class LibraryMessages {
 public:
  LibraryMessages() {
    messages_.clear();
    fuse_set_log_func(&LibraryMessages::keep);
  }
  ~LibraryMessages() { fuse_set_log_func(nullptr); }
  LibraryMessages(const LibraryMessages&) = delete;
  LibraryMessages& operator=(const LibraryMessages&) = delete;

  // `what`, with the library's words for it where there are any.
  std::string text(std::string what) const {
    std::string_view said = messages_;
    while (!said.empty() && said.back() == '\n') said.remove_suffix(1);
    if (!said.empty()) what.append(": ").append(said);
    std::replace(what.begin(), what.end(), '\n', ';');
    return what;
  }

 private:
  __attribute__((format(printf, 2, 0))) static void keep(
      fuse_log_level /*level*/, const char* format, va_list arguments) {
    std::array<char, 512> line = {};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    messages_ += line.data();
  }

  static thread_local std::string messages_;
};
thread_local std::string LibraryMessages::messages_;

fuse_session* new_session(const SessionOptions& options, SessionCore* core) {
  Arguments arguments;
  // The kernel checks permissions from the attributes it is given: this side
  // never does, so that allow_other without it would open everything.
  arguments.add("default_permissions");
  arguments.add("fsname=" + options.source);
  arguments.add("subtype=dagfs");
  arguments.add("max_read=" + std::to_string(kReadSizeMax));
  if (options.allow_other) arguments.add("allow_other");
  if (options.read_only) arguments.add("ro");
  if (options.debug) arguments.add("debug");
  const fuse_lowlevel_ops& operations = kernel_operations();
  return fuse_session_new(arguments.finish(), &operations, sizeof(operations),
                          core);
}

void start_notifier(const std::shared_ptr<SessionCore>& core) {
  const BlockedSignals blocked;
  try {
    std::thread([core] {
      ::pthread_setname_np(::pthread_self(), "dagfs-notifier");
      core->notifier.run(core->session);
    }).detach();
  } catch (const std::system_error& error) {
    spdlog::error("cannot start a thread to drop stale pages: {}",
                  error.what());
  }
}

// Waits until no request runs, at most for `timeout`.
void wait_for_requests(SessionCore& core, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (core.loop->threads() > 0) {
    core.answer_interrupted();
    core.pending.stop_changes();
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= milliseconds::zero()) return;
    core.loop->wait(std::min<std::chrono::nanoseconds>(left, milliseconds(20)));
  }
}

// Fails the requests that run or wait still; how many.
std::size_t answer_the_rest(SessionCore& core) {
  const auto requests = core.pending.claim_all();
  for (const auto& request : requests) {
    fuse_reply_err(request.handle, EIO);
    // What is parked refers to the session, but lanes may live longer.
    if (request.lane != nullptr) core.lanes.sweep(*request.lane);
  }
  return requests.size();
}

bool is_still_mounted(const SessionCore& core) {
  const auto mount = find_mount_on(core.mountpoint);
  return mount.ok() && mount->has_value() &&
         (*mount)->type == kFileSystemType &&
         (core.device_number.empty() || (*mount)->device == core.device_number);
}

// Has libfuse believe that its descriptor is dead, as the write end of a pipe
// that nobody reads is. It would otherwise unmount whatever lies on the mount
// point by now, be it ours or not.
void hide_device_from_libfuse(fuse_session* session) {
  std::array<int, 2> pipe = {};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
  ::close(pipe[0]);
  ::dup3(pipe[1], fuse_session_fd(session), O_CLOEXEC);
  ::close(pipe[1]);
}

void unmount(SessionCore& core) {
  if (is_still_mounted(core)) {
    // A failure is on stderr already where fusermount3 had one, and else means
    // that somebody was faster.
    [[maybe_unused]] const Status ignored = unmount_lazily(core.mountpoint);
  }
}

// Ends what unmount() began: with the last descriptor gone the kernel fails
// what still waits.
void let_go(SessionCore& core) {
  core.device.sever();
  hide_device_from_libfuse(core.session);
  fuse_session_unmount(core.session);
}

}  // namespace

FuseSession::FuseSession(std::shared_ptr<SessionCore> core)
    : core_(std::move(core)) {}
FuseSession::FuseSession(FuseSession&&) noexcept = default;

FuseSession::~FuseSession() {
  if (core_ == nullptr || core_->mountpoint.empty()) return;
  // Served or not, it is still there.
  unmount(*core_);
  let_go(*core_);
}

Result<FuseSession> FuseSession::mount(SessionOptions options, NodePtr root) {
  const auto attributes =
      DAGFS_TRY_CONTEXT(root->attributes(), "look at the root");
  const std::string mountpoint =
      DAGFS_TRY(resolve_mount_point(options.mountpoint));
  auto core = std::make_shared<SessionCore>(std::move(options), std::move(root),
                                            attributes.inode);
  const LibraryMessages messages;
  core->session = new_session(core->options, core.get());
  if (core->session == nullptr) {
    return Error(ErrorCode::kInvalidArgument,
                 messages.text("cannot use these mount options"));
  }
  if (fuse_session_mount(core->session, mountpoint.c_str()) != 0) {
    return Error(ErrorCode::kIo,
                 messages.text("cannot mount on " + mountpoint));
  }
  core->mountpoint = mountpoint;
  FuseSession session(core);
  if (const auto mount = find_mount_on(mountpoint); mount.ok() && *mount) {
    core->device_number = (*mount)->device;
  }
  core->device.want_passthrough(core->options.passthrough);
  core->device.want_direct_mmap(core->options.direct_mmap);
  DAGFS_TRY(core->device.attach(core->session));
  return session;
}

void FuseSession::request_stop() const noexcept {
  core_->is_stop_requested = true;
  core_->notify();
}

Result<FuseSession::Remains> FuseSession::serve() {
  const std::shared_ptr<SessionCore> core = core_;
  if (!core->loop->start(core)) {
    return Error(ErrorCode::kExhausted, "cannot start a thread");
  }
  start_notifier(core);
  while (!core->is_stop_requested && !core->has_ended) {
    const auto next = core->answer_interrupted();
    core->wait_for_notice(next.value_or(milliseconds(-1)));
  }

  // Nobody new finds the way in while the last ones are answered.
  if (!core->has_ended) unmount(*core);
  core->loop->stop();
  wait_for_requests(*core, kFinishTimeout);
  Remains remains;
  remains.requests = answer_the_rest(*core);
  let_go(*core);
  core->mountpoint.clear();
  core->notifier.stop(kAbandonTimeout);
  remains.threads = core->loop->wait(kAbandonTimeout);
  core->files.clear();
  core->directories.clear();
  return remains;
}

}  // namespace dagfs::fs
