// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/content_fault.h"

#include <utility>

namespace dagfs::fs {

bool is_settled(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported:
    case ErrorCode::kExhausted: return true;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnavailable:
    case ErrorCode::kStale:
    case ErrorCode::kIo:
    case ErrorCode::kNoSpace:
    case ErrorCode::kRefused: return false;
  }
  return false;
}

Status confirm_fault(const dagstore::OpenShard& shard) {
  DAGFS_TRY(shard.check_unchanged());
  return shard.check_index();
}

Error content_fault(const dagstore::OpenShard& shard, Error error) {
  if (!is_settled(error.code())) return error;
  Status confirmed = confirm_fault(shard);
  if (!confirmed.ok()) return std::move(confirmed).error();
  if (error.code() != ErrorCode::kNotFound) return error;
  return Error(ErrorCode::kUnavailable, error.message());
}

Error block_fault(const dagstore::OpenShard& shard, const car::Cid& cid,
                  Error error) {
  if (error.code() == ErrorCode::kNotFound && !cid.is_identity()) {
    const auto location = shard.blocks().locate(cid);
    if (!location.ok() && location.error().code() == ErrorCode::kNotFound) {
      return Error(ErrorCode::kStale, error.message());
    }
  }
  return content_fault(shard, std::move(error));
}

}  // namespace dagfs::fs
