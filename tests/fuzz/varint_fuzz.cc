// SPDX-License-Identifier: Apache-2.0 OR MIT

// Reading never crashes, never over-reads, and always makes progress.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/ipld/varint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  while (!input.empty()) {
    const std::size_t before = input.size();
    if (!dagfs::car::read_varint(&input).ok()) break;
    if (input.size() >= before) std::abort();
  }
  return 0;
}
