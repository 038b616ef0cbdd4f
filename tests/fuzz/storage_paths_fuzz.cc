// SPDX-License-Identifier: Apache-2.0 OR MIT

// Any text gives folders that can be looked into, a weight, or an error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/base/bytes.h"
#include "mount/sector/storage_paths.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const std::string_view text = dagfs::as_text(input);
  const auto folders = dagfs::mount::parse_storage_config(text);
  if (folders.ok()) {
    for (const std::string& folder : *folders) {
      if (folder.front() != '/') std::abort();
      if (folder.find('\0') != std::string::npos) std::abort();
    }
  }
  (void)dagfs::mount::parse_storage_weight(text);
  return 0;
}
