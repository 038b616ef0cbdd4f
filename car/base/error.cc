// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/base/error.h"

#include <fmt/core.h>

#include <cerrno>
#include <system_error>

namespace dagfs {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kStale: return "stale";
    case ErrorCode::kExhausted: return "exhausted";
    case ErrorCode::kIo: return "input/output error";
    case ErrorCode::kNoSpace: return "no space left";
    case ErrorCode::kRefused: return "refused";
  }
  return "unknown";
}

namespace {

Error from_errno(ErrorCode code, int error_number, std::string_view what) {
  // std::generic_category is the thread-safe strerror.
  return Error(
      code, error_number,
      fmt::format("{}: {} (errno {})", what,
                  std::generic_category().message(error_number), error_number));
}

}  // namespace

Error error_from_errno(int error_number, std::string_view what) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return from_errno(full ? ErrorCode::kNoSpace : ErrorCode::kIo, error_number,
                    what);
}

Error refusal(int error_number, std::string_view what) {
  return from_errno(ErrorCode::kRefused, error_number, what);
}

}  // namespace dagfs
