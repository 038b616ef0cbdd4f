// SPDX-License-Identifier: Apache-2.0 OR MIT

// Reading files below a CID: the one place where block bytes leave for the
// kernel, and where they are checked before.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "car/unixfs/file_layout.h"
#include "dagstore/dagstore.h"
#include "fs/node.h"
#include "fs/nodes/file_mapping.h"
#include "fs/nodes/read_ahead.h"
#include "fs/nodes/remembered_error.h"

namespace dagfs::fs {

// An open UnixFS file, raw block or any block shown as its bytes. Holds a
// lease. All bytes of a read are verified before it answers; if any of them
// cannot be had the whole read fails, since the kernel takes a short answer for
// the end of the file.
class ContentHandle final : public FileHandle {
 public:
  // Opens the layout of `root` in the shard of `lease`. `error` is told what
  // goes wrong, then and later. Errors as FileLayout::open and block_fault.
  static Result<std::unique_ptr<FileHandle>> open(
      dagstore::ShardLease lease, const car::Cid& root,
      std::shared_ptr<const FileMapping> mapping,
      std::shared_ptr<RememberedError> error);

  // kStale: the piece was written since it was indexed. Else as FileLayout::map
  // and ReadOnlyBlockstore::verify, and content_fault.
  Status read(ByteRange range, ReadBuffers* buffers) override;
  Status confirm() override { return lease_->check_unchanged(); }
  // Hashes some of the next leaves, as ReadAhead says. What is wrong with them
  // is told to the read that needs them.
  void read_ahead() override;

 private:
  using Extents = std::vector<car::FileExtent>;

  struct Parts {
    std::unique_ptr<car::FileLayout> layout;
    std::shared_ptr<const FileMapping> mapping;  // Null: the piece is read.
    std::shared_ptr<RememberedError> error;
  };

  ContentHandle(dagstore::ShardLease lease, Parts parts)
      : lease_(std::move(lease)), parts_(std::move(parts)) {}

  Status read_verified(ByteRange range, ReadBuffers* buffers);
  Status verify(const Extents& extents) const;
  Status append(const Extents& extents, ReadBuffers* buffers) const;
  Status append_copied(const Extents& extents, ReadBuffers* buffers) const;

  // The layout reads through the lease: it dies first.
  dagstore::ShardLease lease_;
  Parts parts_;
  ReadAhead read_ahead_;
};

}  // namespace dagfs::fs
