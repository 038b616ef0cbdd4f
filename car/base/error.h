// SPDX-License-Identifier: Apache-2.0 OR MIT

// The error vocabulary of the whole project. See docs/errors.md.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dagfs {

// What a caller can do about a failure. Codes are few on purpose: a new one is
// justified only when some caller will branch on it or when it must reach the
// kernel as a different errno (fs/fuse/errno_map.cc has the table).
enum class ErrorCode : std::uint8_t {
  kNotFound,         // The named thing does not exist; asking again is useless.
  kInvalidArgument,  // The caller broke a precondition it could have checked.
  kCorrupt,          // Stored bytes contradict their own format or digest.
  kUnsupported,      // Well-formed, but a codec or hash we do not implement.
  kUnavailable,      // Exists, but its shard cannot be reached now; may heal.
  kStale,            // Replaced since it was looked up: look it up anew.
  kExhausted,        // A stated limit (memory, files, depth) was hit.
  kIo,               // The operating system said no; the message has errno.
  kNoSpace,          // The disk or the quota is full: less must be written.
  kRefused,          // No such change can be made; os_error() is the reason.
};

std::string_view to_string(ErrorCode code);

// A failure: a code to branch on, and a sentence for the log.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message)
      : message_(std::move(message)), code_(code) {}

  // For those who make errors from what the operating system said.
  Error(ErrorCode code, int os_error, std::string message)
      : message_(std::move(message)), os_error_(os_error), code_(code) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // What the operating system answered, an errno; 0 where it was not asked.
  int os_error() const { return os_error_; }

  // Prepends "what: ", so that the log reads from the outermost intent inward:
  // "open shard baga..: read index: truncated at byte 40".
  Error&& context(std::string_view what) && {
    message_.insert(0, ": ").insert(0, what);
    return std::move(*this);
  }

 private:
  std::string message_;
  int os_error_ = 0;
  ErrorCode code_;
};

// kIo, or kNoSpace for ENOSPC and EDQUOT, that says what was attempted and what
// the operating system answered. The wrappers of system calls make their errors
// here, so that the number is never lost; a caller that can say more with
// another code (a missing source is kUnavailable) decides from errno before it
// calls this.
Error error_from_errno(int error_number, std::string_view what);

// kRefused: the program that wants a file system changed is told this very
// number, as by any other file system (EEXIST, EXDEV, ENOTEMPTY...).
Error refusal(int error_number, std::string_view what);

}  // namespace dagfs
