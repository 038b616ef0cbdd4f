// SPDX-License-Identifier: Apache-2.0 OR MIT

// Walks the sections of a CAR in file order.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/ipld/cid.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {

// What a zero-length section means: pieces are padded with zeros, so for a
// piece it is the end of the data; a strict check refuses it.
enum class ZeroSection { kEndsData, kIsCorrupt };

// One section. The CID's bytes are valid until the next call of next().
struct Section {
  std::uint64_t position = 0;  // Of the length varint, in the payload.
  std::uint64_t size = 0;      // Whole section, length varint included.
  CidView cid;
  ByteRange block;  // Of the block's bytes, in the file.
};

// What stands before a section's block: length varint and CID.
struct SectionHead {
  CidView cid;
  std::uint64_t size = 0;        // Bytes.
  std::uint64_t block_size = 0;  // Bytes that follow.
};

inline constexpr std::size_t kSectionHeadSizeMax = kVarintSizeMax + kCidSizeMax;

// Reads the head at the front of `bytes`, which needs no more than
// kSectionHeadSizeMax of them; the section may be `size_max` long, which is
// what the payload still has. kCorrupt: cut short, a length of 0 or past
// `size_max`, a bad CID, a block larger than kBlockSizeMax.
Result<SectionHead> parse_section_head(ByteView bytes, std::uint64_t size_max);

// Reads heads only and steps over block data. One thread at a time; `file`
// must outlive the reader.
class SectionReader {
 public:
  // Starts at `position` of the payload, which must be the first section or
  // where a section was seen before.
  SectionReader(const RandomAccessFile& file, const CarHeader& header,
                ZeroSection zero_section, std::uint64_t position);

  // The next section, or nullopt at the end of the data. kCorrupt with the
  // offset in the file: a section that runs past the payload, is longer than
  // kBlockSizeMax allows, or has a bad varint or CID; the reader then stays
  // where it was.
  Result<std::optional<Section>> next();

  // Of the next section, in the payload.
  std::uint64_t position() const { return position_; }

 private:
  Result<ByteView> buffered(std::uint64_t size);
  Status read_window(std::uint64_t size_min);
  Result<std::optional<Section>> parse(ByteView head) const;

  const RandomAccessFile* file_;
  ByteRange payload_;
  ZeroSection zero_section_;
  std::uint64_t position_;

  // The bytes of `window_`, a stretch of the payload.
  std::unique_ptr<std::byte[]> buffer_;
  std::uint64_t capacity_ = 0;
  ByteRange window_;
  std::uint64_t sections_since_read_ = 0;
};

}  // namespace dagfs::car
