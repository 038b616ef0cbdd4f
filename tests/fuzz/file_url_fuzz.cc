// SPDX-License-Identifier: Apache-2.0 OR MIT

// A path from a URL makes a URL of the same path, and a relative one stays
// below the folder it is relative to.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "car/base/bytes.h"
#include "mount/file_url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto path = dagfs::mount::path_from_file_url(dagfs::as_text(input));
  if (!path.ok()) return 0;

  if (path->empty() || path->find('\0') != std::string::npos) std::abort();
  if (path->front() != '/' &&
      ('/' + *path + '/').find("/../") != std::string::npos) {
    std::abort();
  }
  const auto again =
      dagfs::mount::path_from_file_url(dagfs::mount::file_url_from_path(*path));
  if (!again.ok() || *again != *path) std::abort();
  return 0;
}
