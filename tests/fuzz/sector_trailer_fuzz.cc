// SPDX-License-Identifier: Apache-2.0 OR MIT

// A trailer, behind 2 KiB of a sector, lets through only what lies in it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "mount/sector/unsealed_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using dagfs::mount::PaddedOffset;
  using dagfs::mount::PaddedSize;
  constexpr std::size_t kSector = 2048;
  constexpr std::size_t kQuad = 128;
  dagfs::Bytes file(kSector);
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  file.insert(file.end(), bytes, bytes + size);
  const auto trailer =
      dagfs::mount::SectorTrailer::read(dagfs::MemoryFile(std::move(file)));
  if (!trailer.ok()) return 0;

  const auto is_allocated = [&](std::size_t offset, std::size_t count) {
    return trailer->is_allocated(
        {.offset = PaddedOffset(offset), .size = PaddedSize(count)});
  };
  const std::size_t end = trailer->sector_size().bytes();
  if (is_allocated(end - 1, 2)) std::abort();
  // The whole is there if its parts are.
  bool all = true;
  for (std::size_t at = 0; at < kSector; at += kQuad) {
    all = is_allocated(at, kQuad) && all;
  }
  if (end == kSector && all != is_allocated(0, kSector)) std::abort();
  return 0;
}
