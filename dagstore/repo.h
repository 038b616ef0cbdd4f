// SPDX-License-Identifier: Apache-2.0 OR MIT

// The folder that a dagstore lives in: docs/formats/registry.md.

#pragma once

#include <string>

#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::dagstore {

// An open repo folder, and the right to be the only one that has it open.
class Repo {
 public:
  // Makes an empty repo; `folder` may exist if it is empty. A crash in between
  // leaves a folder that create() accepts again.
  //
  // kInvalidArgument: not empty, or already a repo. kIo.
  static Status create(const std::string& folder);

  // Checks the version and takes the locks, which end with this object or with
  // the process. They do not pass to the children of a fork(): open after
  // going into the background, not before.
  //
  // kNotFound: no repo there. kUnsupported: made by a newer dagfs.
  // kUnavailable: somebody has it open (the message names the process).
  // kCorrupt, kIo.
  static Result<Repo> open(const std::string& folder);

  // Absolute, without symbolic links.
  const std::string& folder() const { return folder_; }
  std::string registry_folder() const { return folder_ + "/registry"; }
  std::string piece_table_folder() const { return folder_ + "/sectors"; }
  std::string index_folder() const { return folder_ + "/index"; }
  std::string inverted_folder() const { return folder_ + "/inverted"; }

 private:
  Repo(std::string folder, UniqueFd lock, UniqueFd database_lock)
      : folder_(std::move(folder)),
        lock_(std::move(lock)),
        database_lock_(std::move(database_lock)) {}

  std::string folder_;
  UniqueFd lock_;
  // Must be closed after the database: closing any descriptor of a file drops
  // the fcntl lock that LevelDB holds on it.
  UniqueFd database_lock_;
};

}  // namespace dagfs::dagstore
