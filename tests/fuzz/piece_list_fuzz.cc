// SPDX-License-Identifier: Apache-2.0 OR MIT

// A list of pieces never crashes its reader, and every piece it accepts can be
// compared with a file.

#include <cstddef>
#include <cstdint>

#include "tools/commands/commp/piece_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto pieces = dagfs::tools::parse_piece_list(dagfs::as_text(input));
  if (!pieces.ok()) return 0;
  for (const auto& piece : *pieces) {
    static_cast<void>(dagfs::tools::check_file_size(piece, size));
  }
  return 0;
}
