// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/file_hashers.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "mount/piece/file_commp.h"
#include "tools/commands/car/open_car.h"

namespace dagfs::tools {

FileHashers::FileHashers(Disks disks, const Options& options)
    : disks_(std::move(disks)) {
  {
    const MutexLock lock(mutex_);
    for (const auto& files : disks_) left_ += files.size();
  }
  start(options);
}

FileHashers::~FileHashers() {
  is_ending_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void FileHashers::start(const Options& options) {
  std::vector<std::size_t> places;  // The disk of each thread.
  {
    const MutexLock lock(mutex_);
    for (std::size_t disk = 0; disk < disks_.size(); ++disk) {
      places.insert(
          places.end(),
          std::min<std::size_t>(options.per_disk, disks_[disk].size()), disk);
    }
  }
  threads_per_file_ = std::max<unsigned>(
      1, options.threads /
             static_cast<unsigned>(std::max<std::size_t>(1, places.size())));
  threads_.reserve(places.size());
  try {
    for (const std::size_t disk : places) {
      threads_.emplace_back([this, disk] { work(disk); });
    }
  } catch (const std::system_error&) {
    // Those that there are do it all, or next() does.
    adopt_disks_from(threads_.empty() ? 1 : places[threads_.size() - 1] + 1);
  }
}

void FileHashers::adopt_disks_from(std::size_t first) {
  const MutexLock lock(mutex_);
  for (std::size_t disk = first; disk < disks_.size(); ++disk) {
    for (std::string& path : disks_[disk]) {
      disks_.front().push_back(std::move(path));
    }
    disks_[disk].clear();
  }
}

void FileHashers::work(std::size_t disk) {
  while (hash_next(disk)) {
  }
}

std::optional<std::string> FileHashers::take(std::size_t disk) {
  const MutexLock lock(mutex_);
  if (is_ending_ || disk >= disks_.size() || disks_[disk].empty())
    return std::nullopt;
  std::string path = std::move(disks_[disk].front());
  disks_[disk].pop_front();
  return path;
}

bool FileHashers::hash_next(std::size_t disk) {
  std::optional<std::string> path = take(disk);
  if (!path) return false;
  Result<HashedFile> hashed = hash(*path);
  const MutexLock lock(mutex_);
  done_.push_back({.path = *std::move(path), .hashed = std::move(hashed)});
  changed_.notify_all();
  return true;
}

void FileHashers::tell_progress(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  bytes_ += bytes;
  changed_.notify_all();
}

Result<HashedFile> FileHashers::hash(const std::string& path) {
  const auto file = DAGFS_TRY(open_input(path));
  HashedFile hashed{.path = path, .stamp = {}, .commitment = {}};
  hashed.stamp = DAGFS_TRY(file->stamp());
  std::uint64_t told = 0;
  const mount::FileCommpOptions options = {
      .threads = threads_per_file_,
      .progress =
          [&](std::uint64_t bytes) {
            tell_progress(bytes - std::exchange(told, bytes));
          },
      .cancelled = &is_ending_};
  hashed.commitment = DAGFS_TRY(commitment_of(*file, options));
  tell_progress(file->size() - told);
  return hashed;
}

std::optional<FileHashers::Outcome> FileHashers::next(
    const std::function<void(std::uint64_t)>& progress) {
  if (threads_.empty()) hash_next(0);
  std::uint64_t told = 0;
  while (true) {
    {
      const MutexLock lock(mutex_);
      while (done_.empty() && left_ > 0 && bytes_ == told) {
        changed_.wait(mutex_);
      }
      told = bytes_;
      if (!done_.empty()) {
        Outcome outcome = std::move(done_.front());
        done_.pop_front();
        --left_;
        return outcome;
      }
      if (left_ == 0) return std::nullopt;
    }
    progress(told);
  }
}

}  // namespace dagfs::tools
