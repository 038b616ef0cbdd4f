// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>

#include "car/base/file.h"
#include "car/base/mutex.h"
#include "fs/node.h"
#include "fs/nodes/file_mapping.h"

namespace dagfs::fs {

// An open file that shows another file's bytes as they are: nothing is checked
// but that nobody wrote to it meanwhile.
class RawHandle final : public FileHandle {
 public:
  // `stamp` is what `file` had when it was looked up; `hold` is kept as long as
  // the handle (a lease, or null).
  RawHandle(std::shared_ptr<const RandomAccessFile> file, FileStamp stamp,
            std::shared_ptr<const void> hold)
      : hold_(std::move(hold)), file_(std::move(file)), stamp_(stamp) {}

  // kUnavailable: the file was written since. kIo.
  Status read(ByteRange range, ReadBuffers* buffers) override;
  Status confirm() override;
  int passthrough_fd() const override { return file_->plain_fd(); }

 private:
  std::shared_ptr<const FileMapping> mapping();

  std::shared_ptr<const void> hold_;
  std::shared_ptr<const RandomAccessFile> file_;
  FileStamp stamp_;

  Mutex mutex_;
  // Made by the first read: where the kernel reads by itself there is none.
  bool tried_to_map_ DAGFS_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const FileMapping> mapping_ DAGFS_GUARDED_BY(mutex_);
};

// Reads `range` of `file` into a buffer of its own and appends that. kCorrupt
// when the file ends before; kIo, kUnavailable.
Status append_copy(const RandomAccessFile& file, ByteRange range,
                   ReadBuffers* buffers);

}  // namespace dagfs::fs
