// SPDX-License-Identifier: Apache-2.0 OR MIT

// Multihashes: which hash function, and the digest it gave.
// https://github.com/multiformats/multihash, codes from multicodec's table.csv.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::car {

// Codes of the multicodec table that this project names; any other value may
// occur too.
enum class HashCode : std::uint64_t {
  kIdentity = 0x00,
  kSha1 = 0x11,
  kSha2_256 = 0x12,
  kSha2_512 = 0x13,
  kSha3_512 = 0x14,
  kSha3_384 = 0x15,
  kSha3_256 = 0x16,
  kSha3_224 = 0x17,
  kShake128 = 0x18,
  kShake256 = 0x19,
  kKeccak224 = 0x1a,
  kKeccak256 = 0x1b,
  kKeccak384 = 0x1c,
  kKeccak512 = 0x1d,
  kBlake3 = 0x1e,
  kSha2_384 = 0x20,
  kDblSha2_256 = 0x56,
  kMd5 = 0xd5,
  kSha2_224 = 0x1013,
  kBlake2bMin = 0xb201,  // blake2b-8; each further code is 8 bits longer.
  kBlake2b256 = 0xb220,
  kBlake2bMax = 0xb240,
  kBlake2sMin = 0xb241,
  kBlake2s256 = 0xb260,
  kBlake2sMax = 0xb260,
};

// A view of a multihash inside bytes that must outlive it. Two are the same
// when code and digest are.
struct Multihash {
  HashCode code = HashCode::kIdentity;
  ByteView digest;
};

bool operator==(const Multihash& a, const Multihash& b);

// Reads one multihash from the front of `*input` and moves it past. The digest
// views into `*input`. kCorrupt: cut short, bad varint, or a digest longer than
// kCidSizeMax; `*input` is then unchanged.
Result<Multihash> read_multihash(ByteView* input);

// "sha2-256", or "0x9999" for a code without a name here.
std::string name_of(HashCode code);

// Whether bytes can be checked against digests of this function here.
bool can_verify(HashCode code);

// kCorrupt: `bytes` do not hash to the digest (a truncated digest must match
// as far as it goes; an empty one matches nothing, one longer than the function
// gives neither). An identity digest must be the bytes themselves, none
// included. kUnsupported: the function is not known here, so nothing can be
// said.
Status verify_bytes(const Multihash& multihash, ByteView bytes);

// What verify_bytes says of bytes that somebody hashed already: `digest` is
// what the function gave, at its usual length.
Status verify_digest(const Multihash& multihash, ByteView digest);

// Bytes, and what they should hash to.
struct HashedBytes {
  Multihash multihash;
  ByteView bytes;
};

// For each what verify_bytes says. Those of sha2-256 are hashed side by side:
// as many as sha256_lanes(), or a multiple, are worth collecting.
std::vector<Status> verify_many(std::span<const HashedBytes> blocks);

// The digest of `bytes` at the function's full length. kUnsupported.
Result<Bytes> hash_bytes(HashCode code, ByteView bytes);

}  // namespace dagfs::car
