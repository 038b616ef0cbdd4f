// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "car/base/mutex.h"
#include "tools/commands/commp/hashed_files.h"

namespace dagfs::tools {

// Hashes files in threads of its own: those of one disk one after another,
// those of different disks side by side.
class FileHashers {
 public:
  struct Options {
    unsigned threads = 1;   // That hash, in all; at least one for each file.
    unsigned per_disk = 1;  // Files read side by side from one disk.
  };

  // The files of each disk, in the order in which they are read.
  using Disks = std::vector<std::deque<std::string>>;

  FileHashers(Disks disks, const Options& options);
  ~FileHashers();  // Gives up what is not hashed yet.

  FileHashers(const FileHashers&) = delete;
  FileHashers& operator=(const FileHashers&) = delete;

  struct Outcome {
    std::string path;
    Result<HashedFile> hashed;  // kNotFound: it cannot be opened.
  };
  // The next file that is done, as soon as there is one; nullopt at the end.
  // `progress` is told the bytes hashed of all files, now and then. One thread
  // at a time.
  std::optional<Outcome> next(
      const std::function<void(std::uint64_t)>& progress);

 private:
  void start(const Options& options);
  // Gives the files of disks that have no thread to the first one.
  void adopt_disks_from(std::size_t first);
  void work(std::size_t disk);
  // False: there is nothing left to do on the disk.
  bool hash_next(std::size_t disk);
  Result<HashedFile> hash(const std::string& path);
  std::optional<std::string> take(std::size_t disk);
  void tell_progress(std::uint64_t bytes);

  unsigned threads_per_file_ = 1;
  std::atomic<bool> is_ending_ = false;

  Mutex mutex_;
  ConditionVariable changed_;
  Disks disks_ DAGFS_GUARDED_BY(mutex_);
  std::deque<Outcome> done_ DAGFS_GUARDED_BY(mutex_);
  std::size_t left_ DAGFS_GUARDED_BY(mutex_) = 0;  // Not yet given by next().
  std::uint64_t bytes_ DAGFS_GUARDED_BY(mutex_) = 0;

  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

}  // namespace dagfs::tools
