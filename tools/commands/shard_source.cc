// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/shard_source.h"

#include <fmt/core.h>

#include "mount/file_url.h"

namespace dagfs::tools {
namespace {

bool is_below(std::string_view path, std::string_view folder) {
  return !folder.empty() && path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

bool is_url(std::string_view source) {
  return source.starts_with("file:") || source.find("://") != source.npos;
}

Result<std::string> source_url(const std::string& source,
                               const std::string& repo,
                               const std::string& mountpoint) {
  if (is_url(source)) return source;
  if (!mountpoint.empty()) {
    const std::string path = DAGFS_TRY(mount::canonical_path(source));
    if (is_below(path, mountpoint)) {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("{}: lies in the mount of this repo", source));
    }
  }
  return mount::file_url_for(source, repo);
}

}  // namespace dagfs::tools
