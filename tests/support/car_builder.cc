// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/car_builder.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <utility>

#include "car/base/endian.h"
#include "car/car_header.h"
#include "car/ipld/varint.h"

namespace dagfs::tests {
namespace {

using car::Cid;
using car::Codec;
using car::HashCode;
using car::IndexCodec;

constexpr std::string_view kPragma("\x0a\xa1\x67version\x02", car::kPragmaSize);

// A test that asks for a CID that cannot be is wrong itself.
Cid must(Result<Cid> cid) {
  if (cid.ok()) return *std::move(cid);
  std::cerr << "CarBuilder: " << cid.error().message() << '\n';
  std::abort();
}

void append(ByteView bytes, Bytes* out) {
  out->insert(out->end(), bytes.begin(), bytes.end());
}

template <typename T>
void append_le(T value, Bytes* out) {
  std::array<std::byte, sizeof(T)> bytes = {};
  store_le(bytes.data(), value);
  append(bytes, out);
}

struct Entry {
  std::string digest;
  std::uint64_t position = 0;

  friend auto operator<=>(const Entry&, const Entry&) = default;
};

using EntriesByWidth = std::map<std::uint32_t, std::vector<Entry>>;

void append_buckets(const EntriesByWidth& buckets, Bytes* out) {
  append_le(static_cast<std::int32_t>(buckets.size()), out);
  for (const auto& [width, entries] : buckets) {
    append_le(width, out);
    append_le(std::uint64_t{width} * entries.size(), out);
    std::vector<Entry> sorted = entries;
    std::ranges::sort(sorted);
    for (const Entry& entry : sorted) {
      append(as_bytes(entry.digest), out);
      append_le(entry.position, out);
    }
  }
}

}  // namespace

CarBuilder& CarBuilder::root(const Cid& cid) {
  roots_.push_back(cid);
  return *this;
}

Cid CarBuilder::block(Codec codec, ByteView block_bytes) {
  return block(codec, HashCode::kSha2_256, block_bytes);
}

Cid CarBuilder::block(std::string_view raw_text) {
  return block(Codec::kRaw, as_bytes(raw_text));
}

Cid CarBuilder::block(Codec codec, HashCode code, ByteView block_bytes) {
  Cid cid = must(Cid::of(codec, code, block_bytes));
  section(cid, block_bytes);
  return cid;
}

Cid CarBuilder::block_v0(ByteView block_bytes) {
  const Cid v1 = must(Cid::of(Codec::kDagPb, HashCode::kSha2_256, block_bytes));
  Cid cid = must(Cid::from_bytes(v1.multihash_bytes()));
  section(cid, block_bytes);
  return cid;
}

Cid CarBuilder::identity_block(Codec codec, ByteView block_bytes) {
  Cid cid =
      Cid::v1(codec, {.code = HashCode::kIdentity, .digest = block_bytes});
  section(cid, block_bytes);
  return cid;
}

CarBuilder& CarBuilder::section(const Cid& cid, ByteView block_bytes) {
  pieces_.push_back({cid, Bytes(block_bytes.begin(), block_bytes.end())});
  return *this;
}

CarBuilder& CarBuilder::raw(ByteView payload_bytes) {
  pieces_.push_back(
      {std::nullopt, Bytes(payload_bytes.begin(), payload_bytes.end())});
  return *this;
}

CarBuilder& CarBuilder::zeros(std::size_t count) { return raw(Bytes(count)); }

CarBuilder& CarBuilder::header_bytes(Bytes header) {
  header_ = std::move(header);
  return *this;
}

CarBuilder& CarBuilder::version2() {
  version2_ = true;
  return *this;
}

CarBuilder& CarBuilder::data_padding(std::size_t count) {
  data_padding_ = count;
  return version2();
}

CarBuilder& CarBuilder::index_padding(std::size_t count) {
  index_padding_ = count;
  return version2();
}

CarBuilder& CarBuilder::index(IndexCodec codec) {
  index_codec_ = codec;
  identity_ = Identity::kIndexed;
  return version2();
}

CarBuilder& CarBuilder::index_without_identity(IndexCodec codec) {
  index_codec_ = codec;
  identity_ = Identity::kLeftOut;
  return version2();
}

CarBuilder& CarBuilder::index_bytes(Bytes index) {
  index_bytes_ = std::move(index);
  return version2();
}

CarBuilder& CarBuilder::fully_indexed() {
  fully_indexed_ = true;
  return version2();
}

CarBuilder& CarBuilder::unfinished() {
  unfinished_ = true;
  return version2();
}

Bytes CarBuilder::bytes() const {
  const Bytes carv1 = payload();
  if (!version2_) return carv1;

  Bytes index;
  if (index_codec_) index = build_index(*index_codec_, identity_);
  if (index_bytes_) index = *index_bytes_;

  Bytes out;
  append(as_bytes(kPragma), &out);
  out.resize(payload_offset());
  if (!unfinished_) {
    if (fully_indexed_) out[car::kPragmaSize] = std::byte{0x80};
    std::byte* header = out.data() + car::kPragmaSize + 16;
    store_le(header, payload_offset());
    store_le(header + 8, std::uint64_t{carv1.size()});
    const std::uint64_t index_offset =
        payload_offset() + carv1.size() + index_padding_;
    store_le(header + 16, index.empty() ? std::uint64_t{0} : index_offset);
  }
  append(carv1, &out);
  out.resize(out.size() + index_padding_);
  append(index, &out);
  return out;
}

std::shared_ptr<const RandomAccessFile> CarBuilder::file() const {
  return std::make_shared<MemoryFile>(bytes());
}

Bytes CarBuilder::header() const {
  return header_ ? *header_ : car::encode_car_header(roots_);
}

Bytes CarBuilder::payload() const {
  Bytes out = header();
  for (const Piece& piece : pieces_) {
    if (piece.cid) {
      car::append_varint(piece.cid->bytes().size() + piece.bytes.size(), &out);
      append(piece.cid->bytes(), &out);
    }
    append(piece.bytes, &out);
  }
  return out;
}

Bytes CarBuilder::encoded_index(IndexCodec codec) const {
  return build_index(codec, Identity::kIndexed);
}

Bytes CarBuilder::build_index(IndexCodec codec, Identity identity) const {
  std::map<std::uint64_t, EntriesByWidth> codes;
  for (const BuiltSection& section : sections()) {
    const car::Multihash multihash = section.cid.multihash();
    if (section.cid.is_identity() && identity == Identity::kLeftOut) continue;
    const auto code = codec == IndexCodec::kMultihashIndexSorted
                          ? static_cast<std::uint64_t>(multihash.code)
                          : 0;
    const auto width = static_cast<std::uint32_t>(multihash.digest.size() + 8);
    codes[code][width].push_back(
        {std::string(as_text(multihash.digest)), section.position});
  }

  Bytes out;
  car::append_varint(static_cast<std::uint64_t>(codec), &out);
  if (codec == IndexCodec::kIndexSorted) {
    append_buckets(codes[0], &out);
    return out;
  }
  append_le(static_cast<std::int32_t>(codes.size()), &out);
  for (const auto& [code, buckets] : codes) {
    append_le(code, &out);
    append_buckets(buckets, &out);
  }
  return out;
}

std::vector<BuiltSection> CarBuilder::sections() const {
  std::vector<BuiltSection> sections;
  std::uint64_t position = header().size();
  for (const Piece& piece : pieces_) {
    if (!piece.cid) {
      position += piece.bytes.size();
      continue;
    }
    const std::uint64_t length = piece.cid->bytes().size() + piece.bytes.size();
    Bytes varint;
    car::append_varint(length, &varint);
    const std::uint64_t size = varint.size() + length;
    sections.push_back({.cid = *piece.cid,
                        .position = position,
                        .size = size,
                        .block = {.offset = payload_offset() + position + size -
                                            piece.bytes.size(),
                                  .size = piece.bytes.size()}});
    position += size;
  }
  return sections;
}

std::uint64_t CarBuilder::payload_offset() const {
  if (!version2_) return 0;
  return car::kPragmaSize + car::kCarV2HeaderSize + data_padding_;
}

}  // namespace dagfs::tests
