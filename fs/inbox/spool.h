// SPDX-License-Identifier: Apache-2.0 OR MIT

// A directory tree of the mount that is a plain directory on a disk.

#pragma once

#include <cstdint>
#include <memory>

#include "car/base/result.h"
#include "car/base/unique_fd.h"
#include "fs/inbox/spool_observer.h"
#include "fs/writable_node.h"

namespace dagfs::fs {

struct SpoolOptions {
  // Attributes::inode of its top; those below are derived from it.
  std::uint64_t inode = 0;
  // In which all requests to the tree queue up.
  std::shared_ptr<Lane> lane;
  // Once it is gone nothing can be changed any more (ESTALE). It may own the
  // tree.
  std::weak_ptr<SpoolObserver> observer;
};

// The top of the tree whose content is that of `directory`, a descriptor of any
// kind. Names, modes, owners, times and holes are kept on that disk and behave
// as there; new files belong to the caller where this process is root.
//
// Every path is walked from `directory` one name at a time, no link is
// followed, and file systems mounted below are not entered. Nobody else may
// change the directory meanwhile. Refused are hard links, devices, fifos
// (EPERM), extended attributes (EOPNOTSUPP), and renaming into other trees
// (EXDEV).
//
// A known file costs some 300 bytes and no descriptor: those are for what is
// open, for what has lost its name and is still in use, and for some dozens of
// directories.
//
// kIo: `directory` cannot be looked at; kInvalidArgument: it is none.
Result<std::shared_ptr<const WritableNode>> open_spool(UniqueFd directory,
                                                       SpoolOptions options);

}  // namespace dagfs::fs
