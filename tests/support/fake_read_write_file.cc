// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/fake_read_write_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace dagfs::tests {

class FakeReadWriteFile final : public ReadWriteFile {
 public:
  explicit FakeReadWriteFile(std::shared_ptr<FakeDisk> disk)
      : disk_(std::move(disk)) {}

  Result<std::uint64_t> size() const override {
    const MutexLock lock(disk_->mutex_);
    return std::uint64_t{disk_->content_.size()};
  }

  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    const MutexLock lock(disk_->mutex_);
    if (offset >= disk_->content_.size()) return std::size_t{0};
    const ByteView rest = ByteView(disk_->content_).subspan(offset);
    const std::size_t count = std::min(rest.size(), out.size());
    std::copy_n(rest.begin(), count, out.begin());
    return count;
  }

  using ReadWriteFile::write_at;
  Status write_at(std::uint64_t offset,
                  std::span<const ByteView> parts) override {
    const MutexLock lock(disk_->mutex_);
    Bytes bytes;
    for (const ByteView part : parts) {
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    ++disk_->change_count_;
    const bool fits = bytes.size() <= disk_->space_;
    if (!fits) bytes.resize(disk_->space_);
    if (disk_->space_ != FakeDisk::kUnlimited) disk_->space_ -= bytes.size();
    disk_->make({.offset = offset, .bytes = std::move(bytes)});
    return fits ? ok_status() : error_from_errno(ENOSPC, "write");
  }

  Status resize(std::uint64_t size) override {
    const MutexLock lock(disk_->mutex_);
    ++disk_->change_count_;
    disk_->make({.offset = size, .is_resize = true});
    return ok_status();
  }

  Status sync() override {
    const MutexLock lock(disk_->mutex_);
    ++disk_->change_count_;
    if (disk_->sync_fails_) return error_from_errno(EIO, "sync");
    ++disk_->sync_count_;
    disk_->durable_ = disk_->content_;
    disk_->changes_.clear();
    return ok_status();
  }

 private:
  std::shared_ptr<FakeDisk> disk_;
};

std::unique_ptr<ReadWriteFile> FakeDisk::open(std::shared_ptr<FakeDisk> disk) {
  return std::make_unique<FakeReadWriteFile>(std::move(disk));
}

Bytes FakeDisk::content() const {
  const MutexLock lock(mutex_);
  return content_;
}

void FakeDisk::set_space(std::uint64_t size) {
  const MutexLock lock(mutex_);
  space_ = size;
}

void FakeDisk::set_sync_fails(bool fails) {
  const MutexLock lock(mutex_);
  sync_fails_ = fails;
}

std::uint64_t FakeDisk::change_count() const {
  const MutexLock lock(mutex_);
  return change_count_;
}

std::uint64_t FakeDisk::sync_count() const {
  const MutexLock lock(mutex_);
  return sync_count_;
}

Bytes FakeDisk::after_power_cut(std::mt19937_64* random) const {
  constexpr std::size_t kSectorSize = 512;
  const MutexLock lock(mutex_);
  Bytes left = durable_;
  const auto survives = [random] { return ((*random)() & 1) != 0; };
  for (const Change& change : changes_) {
    if (change.is_resize) {
      if (survives()) apply(change, &left);
      continue;
    }
    // A file's first page is written whole (kHeaderRoomMax relies on it).
    std::size_t at = 0;
    while (at < change.bytes.size()) {
      const std::uint64_t from = change.offset + at;
      const std::uint64_t unit = from < 4096 ? 4096 : kSectorSize;
      const std::size_t size =
          std::min<std::uint64_t>(unit - from % unit, change.bytes.size() - at);
      const auto sector = ByteView(change.bytes).subspan(at, size);
      if (survives()) {
        apply({.offset = from, .bytes = Bytes(sector.begin(), sector.end())},
              &left);
      }
      at += size;
    }
  }
  return left;
}

void FakeDisk::apply(const Change& change, Bytes* content) {
  if (change.is_resize) return content->resize(change.offset);
  const std::uint64_t end = change.offset + change.bytes.size();
  if (content->size() < end) content->resize(end);
  std::ranges::copy(
      change.bytes,
      content->begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void FakeDisk::make(Change change) {
  apply(change, &content_);
  changes_.push_back(std::move(change));
}

}  // namespace dagfs::tests
