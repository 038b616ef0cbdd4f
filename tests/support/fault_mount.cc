// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/fault_mount.h"

#include <algorithm>
#include <utility>

namespace dagfs::tests {
namespace {

// The source's bytes as they were when it was opened.
class FaultFile final : public RandomAccessFile {
 public:
  FaultFile(std::shared_ptr<FaultSource> source, Bytes bytes,
            std::uint64_t extra_size)
      : source_(std::move(source)),
        file_(std::move(bytes)),
        extra_size_(extra_size) {}

  std::uint64_t size() const override { return file_.size() + extra_size_; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    return file_.read_some_at(offset, out);
  }
  Result<FileStamp> stamp() const override { return source_->file_stamp(); }

 private:
  std::shared_ptr<FaultSource> source_;
  MemoryFile file_;
  std::uint64_t extra_size_;
};

class FaultMount final : public mount::Mount {
 public:
  FaultMount(std::string url, std::shared_ptr<FaultSource> source)
      : url_(std::move(url)), source_(std::move(source)) {}

  std::string url() const override { return url_; }
  Result<std::unique_ptr<RandomAccessFile>> open() const override {
    return source_->open(source_);
  }
  Result<FileStamp> stamp() const override { return source_->stamp(); }

 private:
  std::string url_;
  std::shared_ptr<FaultSource> source_;
};

Error unplugged() { return Error(ErrorCode::kUnavailable, "unplugged"); }

}  // namespace

void FaultSource::set_bytes(Bytes bytes) {
  const MutexLock lock(mutex_);
  bytes_ = std::move(bytes);
  ++version_;
}

void FaultSource::fail_opens(unsigned count, ErrorCode code) {
  const MutexLock lock(mutex_);
  failing_opens_ = count;
  failure_ = code;
}

void FaultSource::set_present(bool is_present) {
  const MutexLock lock(mutex_);
  is_present_ = is_present;
}

void FaultSource::change_next_stamps(unsigned count) {
  const MutexLock lock(mutex_);
  changing_stamps_ = count;
}

void FaultSource::lie_about_size(std::uint64_t extra) {
  const MutexLock lock(mutex_);
  extra_size_ = extra;
}

void FaultSource::hang() {
  const MutexLock lock(mutex_);
  hangs_ = true;
}

void FaultSource::release() {
  const MutexLock lock(mutex_);
  hangs_ = false;
  changed_.notify_all();
}

void FaultSource::wait_until_somebody_hangs() {
  const MutexLock lock(mutex_);
  while (hanging_ == 0) changed_.wait(mutex_);
}

unsigned FaultSource::opens() const {
  const MutexLock lock(mutex_);
  return opens_;
}

Result<std::unique_ptr<RandomAccessFile>> FaultSource::open(
    const std::shared_ptr<FaultSource>& self) {
  const MutexLock lock(mutex_);
  ++opens_;
  ++hanging_;
  changed_.notify_all();
  while (hangs_) changed_.wait(mutex_);
  --hanging_;
  if (!is_present_) return unplugged();
  if (failing_opens_ > 0) {
    --failing_opens_;
    return Error(failure_, "told to fail");
  }
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<FaultFile>(self, bytes_, extra_size_));
}

Result<FileStamp> FaultSource::stamp() const {
  const MutexLock lock(mutex_);
  if (!is_present_) return unplugged();
  return stamp_locked();
}

FileStamp FaultSource::file_stamp() {
  const MutexLock lock(mutex_);
  if (changing_stamps_ > 0) {
    --changing_stamps_;
    ++version_;
  }
  return stamp_locked();
}

FileStamp FaultSource::stamp_locked() const {
  return {.size = bytes_.size(), .mtime_ns = version_, .inode = 1};
}

FaultSource& FaultSources::operator[](const std::string& name) {
  const MutexLock lock(mutex_);
  auto& source = sources_[name];
  if (source == nullptr) source = std::make_shared<FaultSource>();
  return *source;
}

mount::MountRegistry::Factory FaultSources::factory() {
  return [this](std::string_view url) -> Result<std::unique_ptr<mount::Mount>> {
    const std::string_view name = url.substr(url.find(':') + 1);
    const MutexLock lock(mutex_);
    const auto found = sources_.find(name);
    if (found == sources_.end()) {
      return Error(ErrorCode::kInvalidArgument, "no such source");
    }
    return std::unique_ptr<mount::Mount>(
        std::make_unique<FaultMount>(std::string(url), found->second));
  };
}

}  // namespace dagfs::tests
