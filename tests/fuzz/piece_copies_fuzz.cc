// SPDX-License-Identifier: Apache-2.0 OR MIT

// A row of the piece table that can be read is written again the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dagstore/piece_database.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto copies =
      dagfs::dagstore::decode_piece_copies(dagfs::as_text(input));
  if (!copies.ok()) return 0;
  if (dagfs::dagstore::encode_piece_copies(*copies) != dagfs::as_text(input)) {
    std::abort();
  }
  return 0;
}
