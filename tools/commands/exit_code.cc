// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/exit_code.h"

namespace dagfs::tools {

// No default: adding an ErrorCode without deciding how the program ends must
// not compile.
ExitCode exit_code_from(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return ExitCode::kNoInput;
    case ErrorCode::kInvalidArgument: return ExitCode::kUsage;
    case ErrorCode::kCorrupt: return ExitCode::kBadData;
    case ErrorCode::kUnsupported: return ExitCode::kUnavailable;
    case ErrorCode::kUnavailable: return ExitCode::kTemporary;
    case ErrorCode::kStale: return ExitCode::kTemporary;
    case ErrorCode::kExhausted: return ExitCode::kUnavailable;
    case ErrorCode::kIo: return ExitCode::kIo;
    case ErrorCode::kNoSpace: return ExitCode::kIo;
    case ErrorCode::kRefused: return ExitCode::kCannotCreate;
  }
  return ExitCode::kSoftware;
}

}  // namespace dagfs::tools
