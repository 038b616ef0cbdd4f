// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/session_core.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <utility>

#include "fs/fuse/request_header.h"
#include "fs/fuse/request_log.h"

namespace dagfs::fs {
namespace {

// How long an interrupted request may go on. Most are over by then, and their
// callers are spared EINTR from calls that hardly any program expects to be
// interrupted; who presses Ctrl-C before a hung disk does not notice.
constexpr std::chrono::milliseconds kInterruptGrace{100};

// An interrupt may be read before the request it is about has been entered by
// the thread that read that one: a matter of microseconds, unless the thread is
// held up.
constexpr unsigned kEarlyInterruptsMax = 10'000;

// Measured: with the kernel's default of 128 KiB, a cold sequential read takes
// twice as long.
constexpr int kReadAheadKib = 4096;

// Payloads from this size on are not copied, and hold a whole block of request
// memory instead. A copy of less takes a few microseconds, and whoever collects
// small writes is not to fill the memory with blocks that are mostly empty.
constexpr std::size_t kSharedPayloadMin = 64 << 10;

// Lives as long as its thread, which is how threads are counted.
class RequestBuffer final : public RequestSource::Buffer {
 public:
  explicit RequestBuffer(std::shared_ptr<RequestCounters> counters)
      : counters_(std::move(counters)) {
    RequestCounters::add(counters_->threads);
  }
  RequestBuffer(const RequestBuffer&) = delete;
  RequestBuffer& operator=(const RequestBuffer&) = delete;
  ~RequestBuffer() override {
    counters_->threads.fetch_sub(1, std::memory_order_relaxed);
    std::free(raw.mem);
  }

  ByteView bytes() const {
    return {static_cast<const std::byte*>(raw.mem), raw.size};
  }

  fuse_buf raw = {};  // libfuse allocates its memory.

 private:
  const std::shared_ptr<RequestCounters> counters_;
};

// The kernel names the thread that asks, not its process.
bool is_own_thread(std::uint32_t thread) {
  // 0: the kernel itself, or a process of another pid namespace.
  if (thread == 0) return false;
  return ::syscall(SYS_tgkill, ::getpid(), static_cast<pid_t>(thread), 0) == 0;
}

thread_local RequestId the_current_request = {};
thread_local RequestBuffer* the_current_buffer = nullptr;

}  // namespace

SessionCore::SessionCore(SessionOptions session_options, NodePtr root,
                         std::uint64_t root_inode)
    : options(std::move(session_options)),
      loop(std::make_shared<RequestLoop>(RequestLoop::Limits{
          .threads_max = kWaitingRequestsMax + kReservedThreads})),
      lanes(kWaitingRequestsMax),
      inodes(std::move(root), root_inode),
      backing(device),
      memory(std::make_shared<RequestMemory>()),
      notice_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SessionCore::~SessionCore() {
  if (session != nullptr) fuse_session_destroy(session);
}

std::unique_ptr<RequestSource::Buffer> SessionCore::make_buffer() {
  return std::make_unique<RequestBuffer>(options.counters);
}

RequestSource::Received SessionCore::receive(Buffer& buffer) {
  fuse_buf& raw = static_cast<RequestBuffer&>(buffer).raw;
  if (raw.mem == nullptr) raw.mem = memory->take();
  const int result = fuse_session_receive_buf(session, &raw);
  if (result > 0) return Received::kRequest;
  if (result == -EINTR || result == -EAGAIN) return Received::kNothing;
  // Unmounted, or the device gives errors, which it will go on doing.
  has_ended = true;
  notify();
  return Received::kEnd;
}

RequestId SessionCore::current_request() { return the_current_request; }

void SessionCore::process(Buffer& buffer) {
  auto& request = static_cast<RequestBuffer&>(buffer);
  const fuse_in_header header = request_header(request.bytes());
  const RequestId id{header.unique};
  if (header.opcode == FUSE_INTERRUPT) {
    note_interrupt(id, RequestId{interrupted_request(request.bytes())});
    return;
  }
  options.counters->count(kind_of(header.opcode));
  if (!options.serve_own_process && may_wait_for_itself(header) &&
      is_own_thread(header.pid)) {
    answer_raw(id, EDEADLK);
    return;
  }
  the_current_request = id;
  the_current_buffer = &request;
  fuse_session_process_buf(session, &request.raw);
  if (header.opcode == FUSE_INIT) after_init();
}

WrittenBytes SessionCore::keep_payload(ByteView payload) {
  if (payload.size() >= kSharedPayloadMin) {
    fuse_buf& raw = the_current_buffer->raw;
    return {.bytes = payload,
            .owner = memory->share(std::exchange(raw.mem, nullptr))};
  }
  auto copy = std::make_shared_for_overwrite<std::byte[]>(payload.size());
  if (!payload.empty()) {
    std::memcpy(copy.get(), payload.data(), payload.size());
  }
  return {.bytes = {copy.get(), payload.size()}, .owner = copy};
}

void SessionCore::answer_raw(RequestId id, int error_number) {
  fuse_out_header header = {.len = sizeof(header),
                            .error = -error_number,
                            .unique = static_cast<std::uint64_t>(id)};
  iovec piece = {.iov_base = &header, .iov_len = sizeof(header)};
  device.write(&piece, 1);
}

void SessionCore::note_interrupt(RequestId interrupt, RequestId request) {
  if (!pending.contains(request)) {
    // Over by now, or just being entered: the kernel knows which, and asks
    // again in the second case only.
    const auto number = static_cast<std::uint64_t>(request);
    if (early_interrupt_.exchange(number) != number) early_interrupts_ = 0;
    if (++early_interrupts_ <= kEarlyInterruptsMax) {
      answer_raw(interrupt, EAGAIN);
    }
    return;
  }
  {
    const MutexLock lock(mutex_);
    interrupted_.push_back(
        {.id = request, .deadline = Clock::now() + kInterruptGrace});
  }
  notify();
}

std::optional<std::chrono::milliseconds> SessionCore::answer_interrupted() {
  for (;;) {
    RequestId id = {};
    {
      const MutexLock lock(mutex_);
      if (interrupted_.empty()) return std::nullopt;
      const auto left = interrupted_.front().deadline - Clock::now();
      if (left > Clock::duration::zero()) {
        return std::chrono::ceil<std::chrono::milliseconds>(left);
      }
      id = interrupted_.front().id;
      interrupted_.pop_front();
    }
    const auto request = pending.claim_interrupted(id);
    if (!request) continue;
    RequestCounters::add(options.counters->interrupted);
    fuse_reply_err(request->handle, EINTR);
    if (request->lane != nullptr) {
      lanes.sweep(*request->lane);
      options.counters->parked = lanes.load().parked;
    }
  }
}

void SessionCore::run_guarded(LaneWork& work) noexcept {
  // None of our code throws, but what it calls may (std::bad_alloc). Unwinding
  // has the reply answer EIO.
  try {
    work.run();
  } catch (const std::exception& exception) {
    spdlog::error("request abandoned: {}", exception.what());
  }
}

void SessionCore::run_here(std::shared_ptr<Lane> lane, LaneWork& work) {
  RequestCounters& counters = *options.counters;
  loop->expect_to_wait();
  RequestCounters::add(counters.running);
  run_guarded(work);
  while (const auto next = lanes.leave(&lane)) {
    counters.parked = lanes.load().parked;
    run_guarded(*next);
  }
  counters.running.fetch_sub(1, std::memory_order_relaxed);
}

void SessionCore::park(const std::shared_ptr<Lane>& lane,
                       std::unique_ptr<LaneWork> work) {
  const auto handed_back = lanes.park(lane, std::move(work));
  options.counters->parked = lanes.load().parked;
  if (handed_back != nullptr) run_here(lane, *handed_back);
}

void SessionCore::fail(FuseReply reply, std::string_view request,
                       const Error& error) {
  RequestCounters::add(options.counters->errors);
  // A name that is taken and the like are no failures of ours.
  if (error.code() != ErrorCode::kRefused) log_failure(request, error);
  std::move(reply).error(error);
}

void SessionCore::notify() const noexcept {
  const std::uint64_t one = 1;
  // The only way to fail is a full counter, which wakes as well.
  [[maybe_unused]] const ssize_t ignored =
      ::write(notice_.get(), &one, sizeof(one));
}

void SessionCore::wait_for_notice(std::chrono::milliseconds timeout) const {
  pollfd poll_on = {.fd = notice_.get(), .events = POLLIN, .revents = 0};
  ::poll(&poll_on, 1, static_cast<int>(timeout.count()));
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t ignored =
      ::read(notice_.get(), &count, sizeof(count));
}

void SessionCore::after_init() {
  if (device_number.empty()) return;
  // Only now: the answer to INIT has lowered it to the kernel's default.
  std::ofstream file("/sys/class/bdi/" + device_number + "/read_ahead_kb");
  file << kReadAheadKib;
}

}  // namespace dagfs::fs
