// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where writers of DAGs put their blocks.

#pragma once

#include <cstdint>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"

namespace dagfs::car {

// What BlockSink::put answers for identity CIDs, whose block is in the CID: no
// section is written for them.
inline constexpr std::uint64_t kNotStored = ~std::uint64_t{0};

// One thread at a time, unless an implementation says otherwise.
class BlockSink {
 public:
  BlockSink() = default;
  BlockSink(const BlockSink&) = delete;
  BlockSink& operator=(const BlockSink&) = delete;
  virtual ~BlockSink() = default;

  // Stores `block` under `cid` unless a block with this very CID is there, and
  // answers where its section begins: the offset of the length varint in the
  // file that the sink writes, which stays what it is when the file is
  // finished. kNotStored for identity CIDs. `block` is copied or written
  // before this returns.
  //
  // The caller made `cid` from `block`; nobody hashes it again here.
  // kInvalidArgument: a CID or a block that is too long to be read again (over
  // kCidSizeMax, kBlockSizeMax), or the sink was finished. kUnsupported: a
  // hash function that cannot be checked. kNoSpace, kIo: as the system says;
  // blocks stored before are still there, and this one is not.
  virtual Result<std::uint64_t> put(const Cid& cid, ByteView block) = 0;
};

}  // namespace dagfs::car
