// SPDX-License-Identifier: Apache-2.0 OR MIT

// Users may mount under names of their choice, which the mount table shows.
// Reading it never crashes, and finds every path that it shows plainly.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fs/fuse/mount_point.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // The first line is the path that is looked for.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  const std::string_view path = input.substr(0, end);
  const std::string_view table = input.substr(end + 1);
  dagfs::fs::find_mount(table, path);

  // On top of anything, a good line is found.
  if (path.empty() || path.find_first_of(" \\") != std::string_view::npos) {
    return 0;
  }
  std::string more(table);
  more.append("\n1 2 3:4 / ").append(path).append(" rw - fuse.dagfs s rw\n");
  const auto found = dagfs::fs::find_mount(more, path);
  if (!found || found->type != dagfs::fs::kFileSystemType) std::abort();
  return 0;
}
