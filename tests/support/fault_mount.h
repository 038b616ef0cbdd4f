// SPDX-License-Identifier: Apache-2.0 OR MIT

// Sources of pieces that do what disks and networks do on a bad day, when the
// test says so.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "mount/mount.h"
#include "mount/mount_registry.h"

namespace dagfs::tests {

// One piece. Safe for use from many threads at once.
class FaultSource {
 public:
  // Replaces the content; the stamp changes with it.
  void set_bytes(Bytes bytes);

  // The next `count` calls of open() fail; stamp() is not concerned.
  void fail_opens(unsigned count, ErrorCode code);
  // As if the source were unplugged: open() and stamp() are kUnavailable.
  void set_present(bool is_present);
  // The next `count` looks at an open file's stamp find it changed, as if
  // somebody wrote to it all the time.
  void change_next_stamps(unsigned count);
  // Files claim to be that much longer than they are.
  void lie_about_size(std::uint64_t extra);

  // open() waits from now on, until release().
  void hang();
  void release();
  void wait_until_somebody_hangs();

  // Calls of open() so far.
  unsigned opens() const;

  // For the mount below.
  Result<std::unique_ptr<RandomAccessFile>> open(
      const std::shared_ptr<FaultSource>& self);
  Result<FileStamp> stamp() const;
  FileStamp file_stamp();

 private:
  FileStamp stamp_locked() const DAGFS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  ConditionVariable changed_;
  Bytes bytes_ DAGFS_GUARDED_BY(mutex_);
  std::int64_t version_ DAGFS_GUARDED_BY(mutex_) = 1;
  bool is_present_ DAGFS_GUARDED_BY(mutex_) = true;
  bool hangs_ DAGFS_GUARDED_BY(mutex_) = false;
  unsigned hanging_ DAGFS_GUARDED_BY(mutex_) = 0;
  unsigned opens_ DAGFS_GUARDED_BY(mutex_) = 0;
  unsigned failing_opens_ DAGFS_GUARDED_BY(mutex_) = 0;
  ErrorCode failure_ DAGFS_GUARDED_BY(mutex_) = ErrorCode::kIo;
  unsigned changing_stamps_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t extra_size_ DAGFS_GUARDED_BY(mutex_) = 0;
};

// Sources by name. Mounts made for "fault:NAME" read the source NAME.
class FaultSources {
 public:
  // Made at the first call.
  FaultSource& operator[](const std::string& name);

  // For MountRegistry::add("fault", ...). A source must exist before its URL is
  // registered. The sources must outlive the registry.
  mount::MountRegistry::Factory factory();

 private:
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<FaultSource>, std::less<>> sources_
      DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::tests
