// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/block_naming.h"

#include <cassert>
#include <cstddef>
#include <vector>

#include "car/ipld/sha256_many.h"

namespace dagfs::car {
namespace {

bool is_inlined(const ImportProfile& profile, ByteView block) {
  return profile.inline_max && block.size() <= *profile.inline_max;
}

Cid cid_from_digest(const ImportProfile& profile, Codec codec,
                    ByteView digest) {
  Cid cid = Cid::v1(codec, Multihash{profile.hash, digest});
  if (profile.cid_version == 1 || codec != Codec::kDagPb) return cid;
  // A bare sha2-256 multihash is a CID of version 0.
  return Cid::from_bytes(cid.multihash_bytes()).value();
}

}  // namespace

Result<Cid> name_block(const ImportProfile& profile, Codec codec,
                       ByteView block) {
  if (is_inlined(profile, block)) {
    return Cid::v1(codec, Multihash{HashCode::kIdentity, block});
  }
  const Bytes digest = DAGFS_TRY(hash_bytes(profile.hash, block));
  return cid_from_digest(profile, codec, digest);
}

Status name_blocks(const ImportProfile& profile, Codec codec,
                   std::span<const ByteView> blocks, std::span<Cid> cids) {
  assert(blocks.size() == cids.size());
  std::vector<std::size_t> together;  // Places among the blocks.
  std::vector<ByteView> messages;
  for (std::size_t at = 0; at < blocks.size(); ++at) {
    if (profile.hash == HashCode::kSha2_256 &&
        !is_inlined(profile, blocks[at])) {
      together.push_back(at);
      messages.push_back(blocks[at]);
    } else {
      cids[at] = DAGFS_TRY(name_block(profile, codec, blocks[at]));
    }
  }
  std::vector<Sha256Digest> digests(messages.size());
  sha256_many(messages, digests);
  for (std::size_t i = 0; i < together.size(); ++i) {
    cids[together[i]] = cid_from_digest(profile, codec, digests[i]);
  }
  return ok_status();
}

std::size_t blocks_side_by_side(const ImportProfile& profile) {
  return profile.hash == HashCode::kSha2_256 ? sha256_lanes() : 1;
}

}  // namespace dagfs::car
