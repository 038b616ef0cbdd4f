// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_extent.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/car_index.h"

namespace dagfs::car {

Result<std::uint64_t> car_extent(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, std::uint64_t data_end) {
  if (!header.v2) return header.payload.offset + data_end;
  const std::uint64_t payload_end = header.payload.offset + header.payload.size;
  const std::uint64_t index_offset = header.v2->index_offset;
  if (index_offset == 0) return payload_end;
  if (index_offset > file->size()) return file->size();
  const auto index = CarIndex::open(
      file, {.offset = index_offset, .size = file->size() - index_offset});
  if (index.ok()) return std::max(payload_end, index_offset + (*index)->size());

  const bool is_its_own_fault = index.error().code() == ErrorCode::kCorrupt ||
                                index.error().code() == ErrorCode::kUnsupported;
  if (is_its_own_fault) return file->size();
  return index.error();
}

Status require_zeros(const RandomAccessFile& file, ByteRange range) {
  constexpr std::size_t kWindow = std::size_t{256} << 10;
  Bytes window(std::min<std::uint64_t>(range.size, kWindow));
  for (std::uint64_t done = 0; done < range.size; done += window.size()) {
    window.resize(std::min<std::uint64_t>(range.size - done, kWindow));
    DAGFS_TRY(file.read_at(range.offset + done, window));
    const auto other = std::ranges::find_if(
        window, [](std::byte byte) { return byte != std::byte{0}; });
    if (other == window.end()) continue;
    const auto skipped = static_cast<std::uint64_t>(other - window.begin());
    return Error(ErrorCode::kCorrupt,
                 fmt::format("the data ends with zeros from {} on, but there "
                             "is more at {}",
                             range.offset, range.offset + done + skipped));
  }
  return ok_status();
}

}  // namespace dagfs::car
