// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where readers of DAGs get their blocks from.

#pragma once

#include <cstdint>
#include <memory>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"

namespace dagfs::car {

// The bytes of a block, already checked against its CID. Shared and immutable.
using Block = std::shared_ptr<const Bytes>;

// Where a block's bytes lie in the file that its source reads, unread.
struct BlockLocation {
  std::uint64_t offset = 0;     // Of the first byte of the block, in the file.
  std::uint64_t size = 0;       // Bytes.
  std::uint64_t ordinal = 0;    // Place of its entry in the source's index.
  std::uint32_t head_size = 0;  // Bytes of its section before the block.
};

// Safe for use from many threads at once.
class BlockSource {
 public:
  BlockSource() = default;
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;
  virtual ~BlockSource() = default;

  // The block that `cid` names (identity CIDs carry theirs), its bytes checked
  // against the digest. Blocks are looked up by multihash: version and codec
  // take no part.
  //
  // kNotFound: the source does not hold it. kCorrupt: what it holds does not
  // hash to `cid`. kUnsupported: the hash function is not known, so nothing
  // can be checked. kUnavailable, kIo: it cannot be read now. Each message
  // names the CID. May wait for a disk: hold no lock.
  virtual Result<Block> get(const Cid& cid) const = 0;

  // Where the block lies and how long it is, reading no more than the head of
  // its section; its bytes are NOT checked yet. kInvalidArgument for identity
  // CIDs, which lie in no file; else errors as get().
  virtual Result<BlockLocation> locate(const Cid& cid) const = 0;
};

}  // namespace dagfs::car
