// SPDX-License-Identifier: Apache-2.0 OR MIT

// CARs for tests, right ones and wrong ones, and where everything in them lies.
//
//   CarBuilder builder;
//   const Cid leaf = builder.block("hello");
//   builder.root(leaf).version2().index(IndexCodec::kMultihashIndexSorted);
//   const Bytes car = builder.bytes();
//
// Its index is made the slow, obvious way, so that it can judge the fast one.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/car_index.h"
#include "car/ipld/cid.h"

namespace dagfs::tests {

// Where a section lies in the payload and in the whole file.
struct BuiltSection {
  car::Cid cid;
  std::uint64_t position = 0;  // Of its length varint, in the payload.
  std::uint64_t size = 0;      // Length varint included.
  ByteRange block;             // In the file.
};

class CarBuilder {
 public:
  // Roots, in order; they need not be among the blocks.
  CarBuilder& root(const car::Cid& cid);

  // Appends a block under the CIDv1 of its sha2-256 and gives that CID.
  car::Cid block(car::Codec codec, ByteView block_bytes);
  car::Cid block(std::string_view raw_text);
  // The same with another hash function, which must be known here.
  car::Cid block(car::Codec codec, car::HashCode code, ByteView block_bytes);
  // Under the CIDv0 of its sha2-256.
  car::Cid block_v0(ByteView block_bytes);
  // With an identity CID; the bytes stand behind it once more.
  car::Cid identity_block(car::Codec codec, ByteView block_bytes);
  // Any bytes under any CID: duplicates, wrong bytes, unknown hash functions.
  CarBuilder& section(const car::Cid& cid, ByteView block_bytes);

  // Appends to the payload as it is: padding, half a section, garbage.
  CarBuilder& raw(ByteView payload_bytes);
  CarBuilder& zeros(std::size_t count);

  // Replaces the header's bytes, its length varint included.
  CarBuilder& header_bytes(Bytes header);

  // Everything below makes a CARv2.
  CarBuilder& version2();
  CarBuilder& data_padding(std::size_t count);
  CarBuilder& index_padding(std::size_t count);
  CarBuilder& index(car::IndexCodec codec);
  CarBuilder& index_without_identity(car::IndexCodec codec);
  CarBuilder& index_bytes(Bytes index);  // Any bytes at all.
  CarBuilder& fully_indexed();
  CarBuilder& unfinished();  // The header stays zero, as after a crash.

  // The finished file.
  Bytes bytes() const;
  std::shared_ptr<const RandomAccessFile> file() const;

  // The CARv1 alone, and the index that belongs to it.
  Bytes payload() const;
  Bytes encoded_index(car::IndexCodec codec) const;

  // The sections so far, in order.
  std::vector<BuiltSection> sections() const;
  std::uint64_t payload_offset() const;

 private:
  enum class Identity : std::uint8_t { kIndexed, kLeftOut };

  struct Piece {                  // Of the payload, after its header.
    std::optional<car::Cid> cid;  // None: raw bytes.
    Bytes bytes;
  };

  Bytes header() const;
  Bytes build_index(car::IndexCodec codec, Identity identity) const;

  std::vector<car::Cid> roots_;
  std::vector<Piece> pieces_;
  std::optional<Bytes> header_;
  bool version2_ = false;
  std::size_t data_padding_ = 0;
  std::size_t index_padding_ = 0;
  std::optional<car::IndexCodec> index_codec_;
  Identity identity_ = Identity::kIndexed;
  std::optional<Bytes> index_bytes_;
  bool fully_indexed_ = false;
  bool unfinished_ = false;
};

}  // namespace dagfs::tests
