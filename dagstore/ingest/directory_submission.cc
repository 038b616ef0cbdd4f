// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/directory_submission.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace dagfs::dagstore {

Status DirectorySubmission::recover() {
  if (::mkdir(tree().c_str(), 0755) != 0 && errno != EEXIST) {
    return error_from_errno(errno, tree());
  }
  return ok_status();
}

bool DirectorySubmission::seals_by_itself() const {
  std::error_code failure;
  return !std::filesystem::is_empty(tree(), failure) && !failure;
}

Result<IngestedPath> DirectorySubmission::make_piece() {
  const std::string piece = folder() + '/' + std::string(kPieceName);
  // What a crash left.
  (void)::unlink(piece.c_str());
  auto made = dagstore::make_piece(
      tree(), folder(), false,
      {.profile = context_->profile, .stop = context_->stop}, context_->pool);
  // It may be for want of space.
  if (!made.ok()) (void)::unlink(piece.c_str());
  return made;
}

void DirectorySubmission::drop_content() {
  std::error_code ignored;  // The next start tries again.
  std::filesystem::remove_all(tree(), ignored);
  (void)::unlink((folder() + '/' + std::string(kPieceName)).c_str());
}

}  // namespace dagfs::dagstore
