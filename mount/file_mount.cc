// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/file_mount.h"

#include <cassert>
#include <utility>

#include "mount/file_url.h"

namespace dagfs::mount {
namespace {

// To whoever asks for a file by name, its absence is final; for a shard it is
// a disk that may be plugged in again.
Error as_source_error(Error error) {
  if (error.code() != ErrorCode::kNotFound) return error;
  return Error(ErrorCode::kUnavailable, error.message());
}

}  // namespace

Result<std::unique_ptr<Mount>> FileMount::from_url(std::string_view url,
                                                   const std::string& repo) {
  assert(repo.starts_with('/'));
  std::string path = DAGFS_TRY(path_from_file_url(url));
  const bool is_in_repo = !path.starts_with('/');
  if (is_in_repo) path = repo + '/' + path;
  return std::unique_ptr<Mount>(
      new FileMount(std::string(url), std::move(path), is_in_repo));
}

MountRegistry::Factory FileMount::factory(std::string repo) {
  return [repo = std::move(repo)](std::string_view url) {
    return from_url(url, repo);
  };
}

Result<std::unique_ptr<RandomAccessFile>> FileMount::open() const {
  auto file = PosixFile::open(path_);
  if (!file.ok()) return as_source_error(std::move(file).error());
  return std::unique_ptr<RandomAccessFile>(std::move(file).value());
}

Result<FileStamp> FileMount::stamp() const {
  auto stamp = stamp_of_path(path_);
  if (!stamp.ok()) return as_source_error(std::move(stamp).error());
  return stamp;
}

std::string FileMount::backing_folder() const {
  if (is_in_repo_) return {};
  return folder_of(path_);
}

}  // namespace dagfs::mount
