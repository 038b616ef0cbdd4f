// SPDX-License-Identifier: Apache-2.0 OR MIT

// Content identifiers: version, codec and multihash of a block.
// https://github.com/multiformats/cid

#pragma once

#include <boost/container/small_vector.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/multihash.h"

namespace dagfs::car {

// Codes of the multicodec table that this project treats specially.
enum class Codec : std::uint64_t {
  kCbor = 0x51,
  kRaw = 0x55,
  kDagPb = 0x70,
  kDagCbor = 0x71,
  kLibp2pKey = 0x72,
  kDagJose = 0x85,
  kDagJson = 0x0129,
  kJson = 0x0200,
};

// "dag-pb", or "0x9999" for a code without a name here.
std::string name_of(Codec codec);

// One CID, held as its bytes. Equality, order and hash are those of the bytes:
// a CIDv0 and the CIDv1 of the same block differ, their multihash() does not.
class Cid {
 public:
  // The empty CID, which names nothing: only for containers to start from.
  Cid() = default;

  // From a codec and multihash, version 1.
  static Cid v1(Codec codec, const Multihash& multihash);

  // The CID of `bytes` hashed with `code`, version 1. kUnsupported: the hash
  // function is not known here.
  static Result<Cid> of(Codec codec, HashCode code, ByteView bytes);

  // All of `bytes` is one CID in binary. kCorrupt.
  static Result<Cid> from_bytes(ByteView bytes);

  // From text: base58btc without prefix (v0), or any multibase: base2, base8,
  // base10, base16, base32 (all cases, padded, hex), base36, base58btc and
  // flickr, base64 (url, padded), each as multibase's table has it.
  // kInvalidArgument says what is wrong with the text.
  static Result<Cid> parse(std::string_view text);

  unsigned version() const;  // 0 or 1.
  Codec codec() const { return codec_; }
  // Views into this CID.
  Multihash multihash() const;
  ByteView multihash_bytes() const;
  ByteView bytes() const { return {bytes_.data(), bytes_.size()}; }

  bool empty() const { return bytes_.empty(); }
  // The block is inside the CID itself.
  bool is_identity() const { return hash_code_ == HashCode::kIdentity; }

  // base58btc for version 0, base32 lower case for version 1.
  std::string to_string() const;

  friend bool operator==(const Cid& a, const Cid& b) {
    // As text, because that is compared by memcmp and not byte by byte.
    return as_text(a.bytes()) == as_text(b.bytes());
  }
  friend std::strong_ordering operator<=>(const Cid& a, const Cid& b) {
    return as_text(a.bytes()) <=> as_text(b.bytes());
  }

 private:
  friend struct CidView;

  // 36 bytes hold a CIDv1 of a 32-byte digest; 40 leave room for its codec.
  boost::container::small_vector<std::byte, 40> bytes_;
  Codec codec_ = Codec::kRaw;
  HashCode hash_code_ = HashCode::kIdentity;
  std::uint16_t multihash_at_ = 0;  // Offset into bytes_; bytes_ is bounded.
  std::uint16_t digest_at_ = 0;
};

// Reads one binary CID from the front of `*input` and moves it past. kCorrupt:
// cut short, a version other than 0 and 1, a bad varint, longer than
// kCidSizeMax; `*input` is then unchanged.
Result<Cid> read_cid(ByteView* input);

// read_cid for walks over millions of sections: no copy is made, only lengths.
struct CidView {
  Codec codec = Codec::kRaw;
  Multihash multihash;
  ByteView bytes;  // The whole CID.

  Cid to_cid() const;
};
Result<CidView> read_cid_view(ByteView* input);

struct CidHash {
  std::size_t operator()(const Cid& cid) const;
};

}  // namespace dagfs::car
