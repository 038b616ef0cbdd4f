// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/directory_submission.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace dagfs::dagstore {

Status DirectorySubmission::prepare() {
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
  // What an earlier attempt left.
  (void)::unlink((folder() + '/' + std::string(kPieceName)).c_str());
  return dagstore::make_piece(
      tree(), folder(), false,
      {.profile = context_->profile, .stop = context_->stop}, context_->pool);
}

void DirectorySubmission::drop_content() {
  std::error_code ignored;  // The next start tries again.
  std::filesystem::remove_all(tree(), ignored);
  (void)::unlink((folder() + '/' + std::string(kPieceName)).c_str());
}

}  // namespace dagfs::dagstore
