// SPDX-License-Identifier: Apache-2.0 OR MIT

// The hash functions behind multihashes, each from the library that has it.

#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/multihash.h"

namespace dagfs::car {

// How many bytes a function gives: `usual` is what a multihash carries unless
// it says otherwise, `max` more than `usual` only for functions of extendable
// output. Zero both for a function that is not known here, and for identity,
// whose digest is as long as its input.
struct DigestSize {
  std::size_t usual = 0;
  std::size_t max = 0;
};
DigestSize digest_size(HashCode code);

// Fills `out`, which is at most digest_size(code).max bytes, with the first
// bytes of the digest. kUnsupported: the function is not known here, or the
// system's OpenSSL has it switched off.
Status compute_digest(HashCode code, ByteView bytes, std::span<std::byte> out);

}  // namespace dagfs::car
