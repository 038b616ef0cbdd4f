// SPDX-License-Identifier: Apache-2.0 OR MIT

// Which CID a block gets under a profile.

#pragma once

#include <span>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// The CID of `block`. kUnsupported: the hash function is not known here.
Result<Cid> name_block(const ImportProfile& profile, Codec codec,
                       ByteView block);

// name_block for blocks of one codec, several side by side where the processor
// gains from that; `cids` has as many places as there are blocks.
Status name_blocks(const ImportProfile& profile, Codec codec,
                   std::span<const ByteView> blocks, std::span<Cid> cids);

// How many blocks name_blocks hashes side by side: it is quickest when it gets
// a multiple of that, of equal size.
std::size_t blocks_side_by_side(const ImportProfile& profile);

}  // namespace dagfs::car
