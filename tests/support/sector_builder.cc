// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/sector_builder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "car/base/endian.h"
#include "mount/piece/data_segment.h"
#include "mount/piece/fr32.h"

namespace dagfs::tests {
namespace {

using mount::NumberRun;
using mount::PaddedSize;
using mount::PieceSize;

class BitWriter {
 public:
  void put(std::uint64_t bits, unsigned count) {
    for (unsigned i = 0; i < count; ++i, ++size_) {
      if (size_ % 8 == 0) bytes_.push_back(std::byte{0});
      const auto bit = static_cast<unsigned>((bits >> i) & 1U);
      bytes_.back() |= static_cast<std::byte>(bit << (size_ % 8));
    }
  }

  void put_length(std::uint64_t length) {
    if (length == 1) {
      put(1, 1);
    } else if (length < 16) {
      put(2, 2);
      put(length, 4);
    } else {
      put(0, 2);
      for (; length >= 128; length >>= 7) put(length % 128 + 128, 8);
      put(length, 8);
    }
  }

  Bytes take() && {
    while (!bytes_.empty() && bytes_.back() == std::byte{0}) bytes_.pop_back();
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
  unsigned size_ = 0;
};

void write_bytes(std::ostream& out, ByteView bytes) {
  const auto text = as_text(bytes);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace

Bytes encode_rle_plus(const std::vector<NumberRun>& runs) {
  if (runs.empty()) return {};
  BitWriter writer;
  writer.put(0, 2);
  writer.put(runs.front().first == 0 ? 1 : 0, 1);
  std::uint64_t end = 0;
  for (const NumberRun& run : runs) {
    if (run.first > end) writer.put_length(run.first - end);
    writer.put_length(run.count);
    end = run.first + run.count;
  }
  return std::move(writer).take();
}

Bytes sector_trailer(const std::vector<NumberRun>& runs) {
  Bytes trailer = encode_rle_plus(runs);
  const auto size = static_cast<std::uint32_t>(trailer.size());
  trailer.resize(trailer.size() + sizeof(size));
  store_le(&trailer[size], size);
  return trailer;
}

NumberRun run_of(const mount::SectorPiece::Place& place) {
  return {.first = place.offset.bytes(), .count = place.size.padded().bytes()};
}

SectorBuilder::Place SectorBuilder::add(ByteView payload) {
  const auto size = PieceSize::holding(mount::UnpaddedSize(payload.size()));
  return add(payload, size.value().padded().bytes());
}

SectorBuilder::Place SectorBuilder::add(ByteView payload,
                                        std::uint64_t padded_size) {
  const auto size = PieceSize::from_padded(PaddedSize(padded_size)).value();
  used_ = (used_ + padded_size - 1) / padded_size * padded_size;
  const mount::PaddedOffset offset(used_);
  if (used_ + padded_size > padded_.size()) std::abort();
  const auto quads = mount::quads_of(mount::UnpaddedSize(payload.size()));
  mount::fr32_pad(
      payload, std::span(padded_).subspan(used_, quads * mount::kQuadPadded));
  used_ += padded_size;
  return {.offset = offset, .size = size};
}

SectorBuilder& SectorBuilder::allocate(std::vector<NumberRun> runs) {
  runs_ = std::move(runs);
  is_full_ = false;
  return *this;
}

SectorBuilder& SectorBuilder::without_trailer() {
  has_trailer_ = false;
  return *this;
}

Bytes SectorBuilder::bytes() const {
  Bytes file = padded_;
  if (!has_trailer_) return file;
  const std::vector<NumberRun> all = {{.first = 0, .count = padded_.size()}};
  const Bytes trailer = sector_trailer(is_full_ ? all : runs_);
  file.insert(file.end(), trailer.begin(), trailer.end());
  return file;
}

void SectorBuilder::write(const std::string& path) const {
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  write_bytes(out, bytes());
}

Bytes aggregate_of(const std::vector<Bytes>& segments,
                   std::uint64_t padded_size) {
  const auto size = PieceSize::from_padded(PaddedSize(padded_size)).value();
  SectorBuilder pieces(padded_size);
  Bytes index;
  for (const Bytes& segment : segments) {
    const SectorBuilder::Place place = pieces.add(segment);
    const auto entry = mount::encode_segment_entry(
        {.offset = place.offset, .size = place.size.padded()});
    index.insert(index.end(), entry.begin(), entry.end());
  }
  Bytes padded = pieces.data();
  std::ranges::copy(index,
                    &padded[mount::segment_index_place(size)->offset.bytes()]);
  Bytes payload(size.unpadded().bytes());
  mount::fr32_unpad(padded, payload);
  return payload;
}

void rewrite_trailer(const std::string& path, std::uint64_t sector_size,
                     ByteView trailer) {
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(sector_size));
    write_bytes(file, trailer);
  }
  std::filesystem::resize_file(path, sector_size + trailer.size());
}

}  // namespace dagfs::tests
