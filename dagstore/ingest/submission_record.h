// SPDX-License-Identifier: Apache-2.0 OR MIT

// What is kept of a submission on disk. docs/formats/inbox.md

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::dagstore {

enum class SubmissionKind : std::uint8_t { kFile, kDirectory };

enum class SubmissionState : std::uint8_t {
  kOpen,        // Can be written to.
  kSealing,     // Is being made a piece; after a crash it is again.
  kPublishing,  // Is a complete piece on its way to being a shard.
  kSealed,      // Is a shard.
  kFailed,      // Could not be made a piece; its bytes are kept.
};

std::string_view to_string(SubmissionKind kind);
std::string_view to_string(SubmissionState state);

struct SubmissionRecord {
  // In the inbox, any bytes but what cannot be a name. Empty, only of what is
  // kPublishing: a path that was ingested by command has no entry.
  std::string name;
  // Grows with each naming in an inbox: after a crash in a renaming, the name
  // belongs to the greater.
  std::uint64_t named = 0;
  SubmissionKind kind = SubmissionKind::kFile;
  SubmissionState state = SubmissionState::kOpen;
  std::string error;       // Why kFailed, or why kOpen is not sealed by itself.
  bool is_closed = false;  // Of a file: by a writer, and not written to since.
  bool has_lost_bytes = false;  // Some that were written could not be kept.

  // From kPublishing on.
  std::string key;    // Of the shard.
  std::string piece;  // Name of the file in the folder that becomes the piece.
  std::string root;   // CID, if there is exactly one.
  std::uint64_t car_size = 0;
  std::uint64_t piece_size = 0;  // Padded.
  std::uint64_t size = 0;        // Of a file, while it cannot be read.

  // Of a file.
  mode_t permissions = 0644;
  uid_t uid = 0;
  gid_t gid = 0;
  timespec mtime = {};
};

std::string encode_submission_record(const SubmissionRecord& record);
// kCorrupt: not what encode_submission_record() made.
Result<SubmissionRecord> decode_submission_record(std::string_view text);

}  // namespace dagfs::dagstore
