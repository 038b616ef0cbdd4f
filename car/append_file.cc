// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/append_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace dagfs::car {
namespace {

// Copying this much takes as long as a system call does; what is larger is
// written from where it lies.
constexpr std::size_t kDirectSizeMin = std::size_t{64} << 10;

void copy_to(std::byte* to, ByteView bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
}

}  // namespace

AppendFile::AppendFile(ReadWriteFile* file, const Options& options)
    : file_(file),
      observer_(options.observer),
      buffer_size_(std::max<std::size_t>(options.buffer_size, 1)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size_)),
      extent_{.written = options.end} {}

Status AppendFile::replay() {
  if (observer_ == nullptr) return ok_status();
  const std::uint64_t written = extent().written;
  Bytes bytes(std::min<std::uint64_t>(written, std::uint64_t{1} << 20));
  for (std::uint64_t offset = 0; offset < written;) {
    const auto some = std::span(bytes).first(
        std::min<std::uint64_t>(bytes.size(), written - offset));
    DAGFS_TRY(file_->read_at(offset, some));
    observer_->appended(some);
    offset += some.size();
  }
  return ok_status();
}

Status AppendFile::append(ByteView head, ByteView body) {
  const std::size_t size = head.size() + body.size();
  if (size > buffer_size_ || body.size() >= kDirectSizeMin) {
    const ByteView buffered(buffer_.get(), extent().buffered);
    return write(std::array{buffered, head, body});
  }
  if (extent().buffered + size > buffer_size_) DAGFS_TRY(flush());
  const MutexLock lock(mutex_);
  std::byte* const to = buffer_.get() + extent_.buffered;
  copy_to(to, head);
  copy_to(to + head.size(), body);
  extent_.buffered += size;
  return ok_status();
}

Status AppendFile::flush() {
  const ByteView buffered(buffer_.get(), extent().buffered);
  if (buffered.empty()) return ok_status();
  return write(std::array{buffered});
}

// `parts` begin with all that is buffered. Without the lock: readers go on
// reading the buffer, which only this thread changes.
Status AppendFile::write(std::span<const ByteView> parts) {
  const std::uint64_t written = extent().written;
  Status status = file_->write_at(written, parts);
  if (!status.ok()) {
    // What was written in part is taken away, so that it cannot be taken for a
    // section should a shorter one be written over its beginning. Failing is
    // harmless then: such leftovers would be hashed before they are believed.
    static_cast<void>(file_->resize(written));
    return status;
  }
  std::uint64_t size = 0;
  for (const ByteView part : parts) {
    if (observer_ != nullptr && !part.empty()) observer_->appended(part);
    size += part.size();
  }
  const MutexLock lock(mutex_);
  extent_ = {.written = written + size, .buffered = 0};
  return ok_status();
}

void AppendFile::clear() {
  const MutexLock lock(mutex_);
  extent_ = {};
}

Status AppendFile::read_at(std::uint64_t offset,
                           std::span<std::byte> out) const {
  std::size_t in_file = out.size();
  {
    const MutexLock lock(mutex_);
    const std::uint64_t end = extent_.end();
    if (offset > end || out.size() > end - offset) {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{} bytes at {} run past the end at {}",
                               out.size(), offset, end));
    }
    if (!out.empty() && offset + out.size() > extent_.written) {
      const std::uint64_t from = std::max(offset, extent_.written);
      in_file = from - offset;
      std::memcpy(out.data() + in_file,
                  buffer_.get() + (from - extent_.written),
                  out.size() - in_file);
    }
  }
  // These bytes were written before and stay where they are.
  return file_->read_at(offset, out.first(in_file));
}

std::uint64_t AppendFile::end() const { return extent().end(); }

AppendFile::Extent AppendFile::extent() const {
  const MutexLock lock(mutex_);
  return extent_;
}

}  // namespace dagfs::car
