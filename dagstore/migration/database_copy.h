// SPDX-License-Identifier: Apache-2.0 OR MIT

// Databases of programs that may be running: they are copied, and only the copy
// is opened, since opening a LevelDB writes to it.

#pragma once

#include <string>

#include "car/base/result.h"

namespace dagfs::dagstore {

// A folder for copies that is gone, with all in it, when this object is.
class CopyFolder {
 public:
  // `path` is made; what an earlier process left there is removed. Its parent
  // must exist. kIo.
  static Result<CopyFolder> create(const std::string& path);

  CopyFolder(CopyFolder&& other) noexcept;
  CopyFolder& operator=(CopyFolder&&) = delete;
  CopyFolder(const CopyFolder&) = delete;
  CopyFolder& operator=(const CopyFolder&) = delete;
  ~CopyFolder();

  const std::string& path() const { return path_; }

 private:
  explicit CopyFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;  // Empty once it was moved from.
};

// Copies the LevelDB in the folder `from` to the new folder `to`, without
// writing to it or locking it. Where its process writes meanwhile, the copy is
// as it was at some moment: if tables came or went it is taken again, a few
// times. kNotFound: no database there. kUnavailable: it never held still. kIo,
// kNoSpace.
Status copy_level_db(const std::string& from, const std::string& to);

// The same with the SQLite database `from`, its write-ahead log included.
Status copy_sqlite(const std::string& from, const std::string& to);

}  // namespace dagfs::dagstore
