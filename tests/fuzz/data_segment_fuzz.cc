// SPDX-License-Identifier: Apache-2.0 OR MIT

// The input is the index at the end of an aggregate: segments lie before it,
// and each makes an entry that says the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "mount/piece/data_segment.h"
#include "mount/piece/fr32.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace dagfs::mount;  // NOLINT(google-build-using-namespace)
  const auto piece = PieceSize::from_padded(PaddedSize(2048)).value();
  const SegmentIndexPlace place = *segment_index_place(piece);
  dagfs::Bytes padded(piece.padded().bytes());
  std::copy_n(reinterpret_cast<const std::byte*>(data),
              std::min<std::size_t>(size, place.size.bytes()),
              &padded[place.offset.bytes()]);
  dagfs::Bytes payload(piece.unpadded().bytes());
  fr32_unpad(padded, payload);

  const auto segments =
      read_data_segments(dagfs::MemoryFile(std::move(payload)), piece);
  if (!segments.ok()) std::abort();
  for (DataSegment segment : *segments) {
    if (segment.offset + segment.size > place.offset) std::abort();
    segment.index = 0;
    if (parse_segment_entry(encode_segment_entry(segment)) != segment) {
      std::abort();
    }
  }
  return 0;
}
