// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "car/append_observer.h"
#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/base/read_write_file.h"
#include "car/base/result.h"

namespace dagfs::car {

// Appends to a file through a buffer, so that small pieces do not cost a system
// call each. One thread appends and flushes; read_at and end are safe from any
// thread beside it, and do not see where the buffer begins.
class AppendFile {
 public:
  // Appending begins at `end`; what the file has after that is overwritten.
  // `file` must outlive this. The observer may be null; it must have been told
  // of the bytes before `end`, see replay().
  struct Options {
    std::uint64_t end = 0;
    std::size_t buffer_size = 0;
    AppendObserver* observer = nullptr;
  };
  AppendFile(ReadWriteFile* file, const Options& options);

  // Tells the observer all that is in the file up to the end. kIo.
  Status replay();

  // Appends `head` and then `body`; nothing refers to them afterwards. What is
  // large goes straight from `body` to the system. After an error neither is
  // appended, all that was before still is, and it may be tried again.
  // kNoSpace, kIo.
  Status append(ByteView head, ByteView body);

  // Hands what is buffered to the system. kNoSpace, kIo.
  Status flush();

  // Forgets everything from the file's beginning on.
  void clear();

  // Fills `out` from `offset` on. kInvalidArgument: past the end. kIo.
  Status read_at(std::uint64_t offset, std::span<std::byte> out) const;

  // Bytes appended and before that, buffered ones included.
  std::uint64_t end() const;

 private:
  struct Extent {
    std::uint64_t written = 0;  // Offset up to which bytes are in the file.
    std::size_t buffered = 0;   // Bytes that follow, in buffer_.

    std::uint64_t end() const { return written + buffered; }
  };

  Extent extent() const DAGFS_EXCLUDES(mutex_);
  Status write(std::span<const ByteView> parts);

  // Constant after construction.
  ReadWriteFile* file_;
  AppendObserver* observer_;
  std::size_t buffer_size_;
  // Its first extent_.buffered bytes are guarded by mutex_ as they are: only
  // the appending thread adds bytes behind them or takes them away, and it does
  // so under mutex_. So that thread alone may read them without it.
  std::unique_ptr<std::byte[]> buffer_;

  mutable Mutex mutex_;
  Extent extent_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::car
