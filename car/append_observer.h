// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>

#include "car/base/bytes.h"

namespace dagfs::car {

// Sees a file's bytes while it is being written, so that whatever is computed
// from the whole file need not read it again. Called by the thread that
// writes, and only with bytes that the system has taken; views are valid
// during the call.
class AppendObserver {
 public:
  AppendObserver() = default;
  AppendObserver(const AppendObserver&) = delete;
  AppendObserver& operator=(const AppendObserver&) = delete;
  virtual ~AppendObserver() = default;

  // The next bytes, from the file's first one to its last.
  virtual void appended(ByteView bytes) = 0;

  // The bytes from `offset` on are these now. Only the head of a file is
  // patched, once, after all else was appended.
  virtual void patched(std::uint64_t offset, ByteView bytes) = 0;
};

}  // namespace dagfs::car
