// SPDX-License-Identifier: Apache-2.0 OR MIT

// Records of deals and pieces from a stranger's database, and metadata of
// Boost's directory, never crash who takes them over.

#include <cstddef>
#include <cstdint>

#include "dagstore/migration/boost_source.h"
#include "dagstore/migration/miner_deal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  static_cast<void>(dagfs::dagstore::decode_miner_deal(input));
  static_cast<void>(dagfs::dagstore::decode_piece_info(input));
  static_cast<void>(dagfs::dagstore::deal_from_piece_metadata(
      "baga6ea4seaqf6dw7bhx3c65s4nepiic2qtgzdfyywllbkmiz6vbchd2m3oboshi",
      dagfs::as_text(input)));
  return 0;
}
