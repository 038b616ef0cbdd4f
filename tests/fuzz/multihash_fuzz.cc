// SPDX-License-Identifier: Apache-2.0 OR MIT

// A multihash and, after it, the bytes it is checked against: the digest that
// we compute ourselves is accepted, whole and cut, alone and among others.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "car/ipld/multihash.h"

namespace {

using dagfs::ByteView;
using dagfs::car::Multihash;

void check_own_digest(dagfs::car::HashCode code, ByteView bytes) {
  const auto digest = dagfs::car::hash_bytes(code, bytes);
  if (digest.ok() != dagfs::car::can_verify(code)) std::abort();
  if (!digest.ok()) return;
  const Multihash whole{code, *digest};
  if (!dagfs::car::verify_bytes(whole, bytes).ok()) std::abort();
  const std::vector<dagfs::car::HashedBytes> blocks(5, {whole, bytes});
  for (const auto& verdict : dagfs::car::verify_many(blocks)) {
    if (!verdict.ok()) std::abort();
  }

  if (code == dagfs::car::HashCode::kIdentity || digest->empty()) return;
  const Multihash cut{code, ByteView(*digest).first((digest->size() + 1) / 2)};
  if (!dagfs::car::verify_bytes(cut, bytes).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto multihash = dagfs::car::read_multihash(&input);
  if (!multihash.ok()) return 0;

  const dagfs::car::HashedBytes blocks[] = {{*multihash, input},
                                            {*multihash, {}}};
  const auto together = dagfs::car::verify_many(blocks);
  for (std::size_t i = 0; i < together.size(); ++i) {
    const auto alone =
        dagfs::car::verify_bytes(blocks[i].multihash, blocks[i].bytes);
    if (together[i].ok() != alone.ok()) std::abort();
  }
  check_own_digest(multihash->code, input);
  return 0;
}
