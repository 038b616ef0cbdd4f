// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/car_intake.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "car/base/bytes.h"

namespace dagfs::dagstore {
namespace {

// The writer may be so far ahead: what is not checked yet is still cached.
constexpr std::uint64_t kLagMax = std::uint64_t{64} << 20;
// Not worth a thread's time before the end.
constexpr std::uint64_t kStepMin = std::uint64_t{1} << 20;
constexpr std::size_t kReadSize = std::size_t{1} << 20;

Status read_exactly(int fd, std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t count =
        ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_from_errno(errno, "read the CAR");
    if (count == 0) {
      return Error(ErrorCode::kStale, "the CAR was cut while it was checked");
    }
    offset += static_cast<std::uint64_t>(count);
    out = out.subspan(static_cast<std::size_t>(count));
  }
  return ok_status();
}

}  // namespace

CarIntake::CarIntake(int fd, car::HashPool* pool)
    : fd_(fd),
      pool_(pool),
      adopter_([fd](std::uint64_t offset, std::span<std::byte> out) {
        return read_exactly(fd, offset, out);
      }) {}

CarIntake::~CarIntake() {
  const MutexLock lock(mutex_);
  if (!failure_) failure_ = Error(ErrorCode::kUnavailable, "given up");
  while (is_checking_) changed_.wait(mutex_);
}

void CarIntake::advance(std::uint64_t size) {
  const MutexLock lock(mutex_);
  written_ = size;
  if (!is_checking_ && !failure_ && written_ - checked_ >= kStepMin) {
    is_checking_ = true;
    pool_->run([this] { check(); });
  }
  while (is_checking_ && !failure_ && written_ - checked_ > kLagMax) {
    changed_.wait(mutex_);
  }
}

void CarIntake::check() {
  mutex_.lock();
  while (!failure_ && written_ - checked_ >= kStepMin) {
    const std::uint64_t size = written_;
    mutex_.unlock();
    Status status = check_to(size);
    mutex_.lock();
    checked_ = size;
    if (!status.ok() && !failure_) failure_ = std::move(status).error();
    changed_.notify_all();
  }
  is_checking_ = false;
  changed_.notify_all();
  mutex_.unlock();
}

Status CarIntake::check_to(std::uint64_t size) {
  Bytes buffer(kReadSize);
  while (hashed_ < size) {
    const std::span<std::byte> part(
        buffer.data(), std::min<std::uint64_t>(buffer.size(), size - hashed_));
    DAGFS_TRY(read_exactly(fd_, hashed_, part));
    hasher_.append(part);
    hashed_ += part.size();
    DAGFS_TRY(adopter_.advance(hashed_));
  }
  return ok_status();
}

Result<WrittenPiece> CarIntake::finish(std::uint64_t size) {
  {
    const MutexLock lock(mutex_);
    while (is_checking_) changed_.wait(mutex_);
    if (failure_) return *failure_;
  }
  DAGFS_TRY(check_to(size));
  car::CarAdopter::Adopted car = DAGFS_TRY(adopter_.finish(size));
  return WrittenPiece{.commitment = DAGFS_TRY(hasher_.finish()),
                      .roots = std::move(car.header.roots),
                      .car_size = size,
                      .block_count = car.summary.section_count};
}

}  // namespace dagfs::dagstore
