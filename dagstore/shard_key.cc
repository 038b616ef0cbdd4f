// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_key.h"

#include <fmt/core.h>

namespace dagfs::dagstore {

Result<ShardKey> ShardKey::parse(std::string_view text) {
  if (text.empty()) {
    return Error(ErrorCode::kInvalidArgument, "a shard key cannot be empty");
  }
  if (text.size() > kShardKeySizeMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("shard key of {} bytes: at most {} are allowed",
                             text.size(), kShardKeySizeMax));
  }
  if (text == "." || text == "..") {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" cannot be a shard key", text));
  }
  if (text.find('/') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("shard key \"{}\": '/' is not allowed", text));
  }
  if (text.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 "a shard key cannot hold a NUL byte");
  }
  return ShardKey(std::string(text));
}

}  // namespace dagfs::dagstore
