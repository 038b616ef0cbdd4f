// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <string>

#include "mount/mount.h"
#include "mount/mount_registry.h"

namespace dagfs::mount {

// A piece in a file of this machine. file_url.h has the forms of its URL.
class FileMount final : public Mount {
 public:
  // `repo` is the folder, by an absolute path, that relative URLs start from.
  // kInvalidArgument: as path_from_file_url.
  static Result<std::unique_ptr<Mount>> from_url(std::string_view url,
                                                 const std::string& repo);

  // What MountRegistry::add("file", ...) wants.
  static MountRegistry::Factory factory(std::string repo);

  std::string url() const override { return url_; }
  Result<std::unique_ptr<RandomAccessFile>> open() const override;
  Result<FileStamp> stamp() const override;
  std::string backing_folder() const override;

 private:
  FileMount(std::string url, std::string path, bool is_in_repo)
      : url_(std::move(url)), path_(std::move(path)), is_in_repo_(is_in_repo) {}

  const std::string url_;
  const std::string path_;  // Absolute.
  const bool is_in_repo_;
};

}  // namespace dagfs::mount
