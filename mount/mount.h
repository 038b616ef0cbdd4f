// SPDX-License-Identifier: Apache-2.0 OR MIT

// A mount is where a piece's bytes come from. (The kernel's side is called the
// FUSE session.)

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "car/base/file.h"
#include "car/base/result.h"

namespace dagfs::mount {

// How what a mount yields relates to the CAR in it.
struct PieceShape {
  // It is a piece to its end: zeros follow the CAR. Else it is the CAR alone.
  bool is_whole_piece = false;
  // Of the CAR, where that is known without looking for its end.
  std::optional<std::uint64_t> car_size;
};

// One source of one piece. Immutable; safe for use from many threads at once.
class Mount {
 public:
  Mount() = default;
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  virtual ~Mount() = default;

  // What MountRegistry::instantiate makes this mount from again.
  virtual std::string url() const = 0;

  // Opens the bytes for reading only. kUnavailable: the source is not there
  // (any more) or cannot be reached; kInvalidArgument: it is something that
  // cannot be a piece; kIo. May wait for a disk or a network: hold no lock.
  virtual Result<std::unique_ptr<RandomAccessFile>> open() const = 0;

  // The stamp of what open() would give now. Errors as open().
  virtual Result<FileStamp> stamp() const = 0;

  // Never waits.
  virtual PieceShape shape() const { return {}; }

  // The folder whose files this mount reads, so that nobody is asked to cover
  // it with a file system of its own; empty where there is none, or where it
  // lies in the repo, which is guarded as a whole. As the URL has it: it may go
  // through symbolic links.
  virtual std::string backing_folder() const { return {}; }
};

}  // namespace dagfs::mount
