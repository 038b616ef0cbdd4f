// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/file_submission.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "car/base/kill_point.h"
#include "dagstore/durable_file.h"

namespace dagfs::dagstore {
namespace {

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

FileSubmission::FileSubmission(std::uint64_t id, std::string folder,
                               SubmissionRecord record,
                               const SubmissionContext* context)
    : Submission(id, std::move(folder), record, context), size_(record.size) {}

FileSubmission::~FileSubmission() {
  const MutexLock lock(content_mutex_);
  // While it can still be read: the intake's thread uses the descriptor.
  intake_.reset();
}

std::string FileSubmission::path(std::string_view name) const {
  return folder() + '/' + std::string(name);
}

template <typename T>
Result<T> FileSubmission::noted(Result<T> result) {
  if (result.ok()) return result;
  note_write_failure(result.error());
  // What the stream had taken may be lost as well.
  if (stream_ != nullptr) size_ = stream_->size();
  return result;
}

// Makes `data` of what the files of a stream hold.
Status FileSubmission::restore_data() {
  const std::string temporary = temporary_name(path(kDataName));
  const Status restored = [&]() -> Status {
    const UniqueFd fd(::open(temporary.c_str(),
                             O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return error_from_errno(errno, temporary);
    DAGFS_TRY(FileStream::recover(folder(), context_->profile, fd.get()));
    if (::fsync(fd.get()) != 0 ||
        std::rename(temporary.c_str(), path(kDataName).c_str()) != 0) {
      return error_from_errno(errno, temporary);
    }
    return sync_folder(folder());
  }();
  // It may be for want of space.
  if (!restored.ok()) (void)::unlink(temporary.c_str());
  return restored;
}

Status FileSubmission::prepare_retry() {
  DAGFS_TRY(write_failure());
  return recover();
}

Status FileSubmission::recover() {
  const MutexLock lock(content_mutex_);
  if (!exists(path(kDataName)) && exists(path(kTailName))) {
    DAGFS_TRY(restore_data());
  }
  stream_.reset();
  intake_.reset();
  remove_stream();
  DAGFS_TRY(open_data(O_CREAT));
  head_ = {};
  struct stat status {};
  if (::fstat(data_.get(), &status) != 0) {
    return error_from_errno(errno, path(kDataName));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  return ok_status();
}

Status FileSubmission::open_data(int flags) {
  data_ = UniqueFd(
      ::open(path(kDataName).c_str(), O_RDWR | O_CLOEXEC | flags, 0600));
  if (!data_) return error_from_errno(errno, path(kDataName));
  return ok_status();
}

void FileSubmission::remove_stream() {
  for (const std::string_view name : {kTailName, kLeavesName, kPieceName}) {
    (void)::unlink(path(name).c_str());
  }
  // What a crash left.
  (void)::unlink(temporary_name(path(kTailName)).c_str());
  (void)::unlink(temporary_name(path(kDataName)).c_str());
}

Result<std::size_t> FileSubmission::write(std::uint64_t offset,
                                          ByteView bytes) {
  const MutexLock lock(content_mutex_);
  DAGFS_TRY(note_unclosed());
  if (offset == size_ && (!data_ || intake_ != nullptr)) {
    DAGFS_TRY(noted(write_next(bytes)));
    size_ += bytes.size();
    return bytes.size();
  }
  DAGFS_TRY(noted(become_spool()));
  DAGFS_TRY(noted(write_data(offset, bytes)));
  size_ = std::max<std::uint64_t>(size_, offset + bytes.size());
  return bytes.size();
}

Status FileSubmission::write_next(ByteView bytes) {
  if (stream_ != nullptr) return stream_->append(bytes);
  if (intake_ != nullptr) {
    DAGFS_TRY(write_data(size_, bytes));
    intake_->advance(size_ + bytes.size());
    return ok_status();
  }
  head_.insert(head_.end(), bytes.begin(), bytes.end());
  return choose(car::looks_like_car(head_));
}

Status FileSubmission::choose(car::CarSign sign) {
  switch (sign) {
    case car::CarSign::kNeedsMore: break;
    case car::CarSign::kOther:
      stream_ = DAGFS_TRY(
          FileStream::create(folder(), context_->profile, context_->pool));
      DAGFS_TRY(stream_->append(head_));
      head_ = {};
      break;
    case car::CarSign::kCar:
      DAGFS_TRY(open_data(O_CREAT | O_TRUNC));
      DAGFS_TRY(write_data(0, head_));
      intake_ = std::make_unique<CarIntake>(data_.get(), context_->pool);
      intake_->advance(head_.size());
      head_ = {};
      break;
  }
  return ok_status();
}

Status FileSubmission::write_data(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(data_.get(), bytes.data(), bytes.size(),
                                   static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_from_errno(errno, path(kDataName));
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return ok_status();
}

Status FileSubmission::become_spool() {
  intake_.reset();
  if (data_) return ok_status();
  if (stream_ == nullptr) {
    DAGFS_TRY(open_data(O_CREAT | O_TRUNC));
    DAGFS_TRY(write_data(0, head_));
    head_ = {};
    return ok_status();
  }
  Status copied = copy_stream();
  if (!copied.ok()) {
    // It may be for want of space.
    (void)::unlink(temporary_name(path(kDataName)).c_str());
    return copied;
  }
  stream_.reset();
  remove_stream();
  return ok_status();
}

// Under its name only once it is whole: until then the stream's files hold what
// was there.
Status FileSubmission::copy_stream() {
  const std::string temporary = temporary_name(path(kDataName));
  UniqueFd fd(
      ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno(errno, temporary);
  DAGFS_TRY(stream_->copy_to(fd.get()));
  const bool was_synced = stream_->was_synced();
  if (was_synced && ::fsync(fd.get()) != 0) {
    return error_from_errno(errno, temporary);
  }
  if (std::rename(temporary.c_str(), path(kDataName).c_str()) != 0) {
    return error_from_errno(errno, temporary);
  }
  kill_point("spool.renamed");
  if (was_synced) DAGFS_TRY(sync_folder(folder()));
  data_ = std::move(fd);
  return ok_status();
}

Status FileSubmission::start_anew() {
  intake_.reset();
  stream_.reset();
  head_ = {};
  data_.reset();
  (void)::unlink(path(kDataName).c_str());
  remove_stream();
  return ok_status();
}

Result<std::size_t> FileSubmission::read(std::uint64_t offset,
                                         std::span<std::byte> out) {
  const MutexLock lock(content_mutex_);
  if (stream_ != nullptr) return stream_->read(offset, out);
  if (data_) {
    const ssize_t count = ::pread(data_.get(), out.data(), out.size(),
                                  static_cast<off_t>(offset));
    if (count < 0) return error_from_errno(errno, path(kDataName));
    return static_cast<std::size_t>(count);
  }
  // Of an earlier process.
  if (head_.empty() && size_ > 0) return refusal(EBUSY, "it is being sealed");
  if (offset >= head_.size()) return std::size_t{0};
  const ByteView rest = ByteView(head_).subspan(offset);
  const std::size_t size = std::min(rest.size(), out.size());
  std::ranges::copy(rest.first(size), out.begin());
  return size;
}

Status FileSubmission::truncate(std::uint64_t size) {
  const MutexLock lock(content_mutex_);
  DAGFS_TRY(note_unclosed());
  if (size == 0) {
    DAGFS_TRY(start_anew());
    forget_write_failure();
  } else if (size != size_) {
    DAGFS_TRY(noted(become_spool()));
    if (::ftruncate(data_.get(), static_cast<off_t>(size)) != 0) {
      return error_from_errno(errno, path(kDataName));
    }
  }
  size_ = size;
  return ok_status();
}

Status FileSubmission::allocate(std::uint64_t offset, std::uint64_t size,
                                int flags) {
  const MutexLock lock(content_mutex_);
  DAGFS_TRY(note_unclosed());
  DAGFS_TRY(noted(become_spool()));
  if (::fallocate(data_.get(), flags, static_cast<off_t>(offset),
                  static_cast<off_t>(size)) != 0) {
    return refusal(errno, "fallocate");
  }
  struct stat status {};
  if (::fstat(data_.get(), &status) != 0) {
    return error_from_errno(errno, path(kDataName));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  return ok_status();
}

Status FileSubmission::keep_content(Durability durability) {
  if (stream_ != nullptr) return stream_->checkpoint(durability);
  if (!data_) {
    if (head_.empty()) return ok_status();
    DAGFS_TRY(become_spool());
  }
  if (durability == Durability::kProcess) return ok_status();
  if (::fsync(data_.get()) != 0) {
    return error_from_errno(errno, path(kDataName));
  }
  return sync_folder(folder());
}

Status FileSubmission::keep(Durability durability) {
  {
    const MutexLock lock(content_mutex_);
    const Status kept = noted(keep_content(durability));
    // First of all what went wrong before, though all that is left is kept.
    DAGFS_TRY(write_failure());
    DAGFS_TRY(kept);
  }
  return keep_record(durability);
}

Status FileSubmission::keep_closed() {
  {
    const MutexLock lock(content_mutex_);
    const Status kept = noted(keep_content(Durability::kProcess));
    DAGFS_TRY(write_failure());
    DAGFS_TRY(kept);
    // Together: the next write is not closed.
    note_closed();
  }
  return keep_record(Durability::kProcess);
}

Status FileSubmission::keep_record(Durability durability) {
  DAGFS_TRY(write_record(durability));
  kill_point("submission.kept");
  if (durability == Durability::kProcess) return ok_status();
  return sync_folder(folder().substr(0, folder().rfind('/')));
}

car::NodeAttributes FileSubmission::node_attributes() const {
  const SubmissionRecord known = record();
  return {.mode = known.permissions,
          .mtime = car::UnixfsTime{
              .seconds = known.mtime.tv_sec,
              .nanoseconds = static_cast<std::uint32_t>(known.mtime.tv_nsec)}};
}

Result<IngestedPath> FileSubmission::make_piece() {
  DAGFS_TRY(write_failure());
  const MutexLock lock(content_mutex_);
  if (stream_ != nullptr) {
    return IngestedPath{DAGFS_TRY(stream_->finish(node_attributes())),
                        path(kPieceName)};
  }
  if (intake_ != nullptr) {
    WrittenPiece piece = DAGFS_TRY(intake_->finish(size_));
    if (::fsync(data_.get()) != 0) {
      return error_from_errno(errno, path(kDataName));
    }
    return IngestedPath{std::move(piece), path(kDataName)};
  }
  return finish_spool();
}

Result<IngestedPath> FileSubmission::finish_spool() {
  DAGFS_TRY(become_spool());
  // What an earlier attempt left.
  (void)::unlink(path(kPieceName).c_str());
  const SubmissionRecord known = record();
  const std::array<timespec, 2> times = {known.mtime, known.mtime};
  if (::fchmod(data_.get(), known.permissions | 0600) != 0 ||
      ::futimens(data_.get(), times.data()) != 0) {
    return error_from_errno(errno, path(kDataName));
  }
  auto made = dagstore::make_piece(
      path(kDataName), folder(), true,
      {.profile = context_->profile, .stop = context_->stop}, context_->pool);
  // It may be for want of space.
  if (!made.ok()) (void)::unlink(path(kPieceName).c_str());
  return made;
}

void FileSubmission::drop_content() {
  const MutexLock lock(content_mutex_);
  (void)start_anew();
}

}  // namespace dagfs::dagstore
