// SPDX-License-Identifier: Apache-2.0 OR MIT

// OpenSSL 3 would have every caller go through EVP, which takes ten times as
// long as hashing these few bytes does.
#define OPENSSL_SUPPRESS_DEPRECATED  // NOLINT: OpenSSL's own name.

#include <openssl/sha.h>

#include "car/base/endian.h"
#include "mount/piece/node_hash_kernels.h"

namespace dagfs::mount {
namespace {

constexpr std::array<unsigned char, kPairSize> padding_block() {
  std::array<unsigned char, kPairSize> block = {};
  block[0] = 0x80;
  block[62] = 2;  // 512 bits, big-endian.
  return block;
}

void hash_by_openssl(const std::byte* nodes, std::size_t pairs,
                     std::byte* parents) {
  static constexpr auto kPadding = padding_block();
  for (; pairs > 0; --pairs, nodes += kPairSize) {
    SHA256_CTX context = {};
    std::ranges::copy(car::kSha256InitialState, context.h);
    SHA256_Transform(&context, reinterpret_cast<const unsigned char*>(nodes));
    SHA256_Transform(&context, kPadding.data());
    for (const std::uint32_t word : context.h) {
      store_le(parents, __builtin_bswap32(word));
      parents += sizeof(word);
    }
    parents[-1] &= kLastByteMask;
  }
}

}  // namespace

NodeHashKernel node_hash_openssl() {
  return {.name = "openssl", .hash = &hash_by_openssl};
}

}  // namespace dagfs::mount
