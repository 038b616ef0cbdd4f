// SPDX-License-Identifier: Apache-2.0 OR MIT

// A header that can be read says where things are inside the file, and its
// roots survive being written again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/car_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using dagfs::MemoryFile;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const MemoryFile file(dagfs::Bytes(bytes, bytes + size));
  const auto header = dagfs::car::read_car_header(file);
  if (!header.ok()) return 0;
  const dagfs::ByteRange payload = header->payload;
  if (payload.offset > size || payload.size > size - payload.offset) {
    std::abort();
  }
  if (header->first_section > payload.size) std::abort();

  const MemoryFile again(dagfs::car::encode_car_header(header->roots));
  const auto reread = dagfs::car::read_car_header(again);
  if (!reread.ok() || reread->roots != header->roots) std::abort();
  return 0;
}
