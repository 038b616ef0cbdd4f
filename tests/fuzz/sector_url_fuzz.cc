// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a URL says makes a URL that says the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/base/bytes.h"
#include "mount/sector/sector_url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto url = dagfs::mount::parse_sector_url(dagfs::as_text(input));
  if (!url.ok()) return 0;

  if (url->path.front() != '/') std::abort();
  const std::string text = dagfs::mount::sector_url_from(*url);
  const auto again = dagfs::mount::parse_sector_url(text);
  if (!again.ok() || dagfs::mount::sector_url_from(*again) != text) {
    std::abort();
  }
  return 0;
}
