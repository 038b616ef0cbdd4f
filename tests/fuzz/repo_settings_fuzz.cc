// SPDX-License-Identifier: Apache-2.0 OR MIT

// Any text gives a version or an error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/base/bytes.h"
#include "dagstore/repo_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto version =
      dagfs::dagstore::parse_repo_version(dagfs::as_text(input));
  // A repo is never taken for one of another version.
  if (version.ok() && input.empty()) std::abort();
  return 0;
}
