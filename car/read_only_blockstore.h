// SPDX-License-Identifier: Apache-2.0 OR MIT

// The blocks of one CAR, found through its index, checked before they leave.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/car_header.h"
#include "car/car_index.h"

namespace dagfs::car {

// A block as a CAR holds it.
struct StoredBlock {
  Cid cid;  // As written in the section: version and codec may differ from what
            // was asked for.
  BlockLocation location;
};

// Remembers which blocks were already hashed (one bit an index entry), so that
// none is hashed twice as long as this object lives; whoever owns it drops it
// when the file's stamp changes. Safe for use from many threads at once.
class ReadOnlyBlockstore final : public BlockSource {
 public:
  // `file` is the CAR, `index` one that was built from it or checked.
  ReadOnlyBlockstore(std::shared_ptr<const RandomAccessFile> file,
                     CarHeader header, std::shared_ptr<const CarIndex> index);

  Result<Block> get(const Cid& cid) const override;
  Result<BlockLocation> locate(const Cid& cid) const override;

  // The sections under the multihash of `cid`, those with this very CID first.
  // Empty: not here. kCorrupt: the index points at something else.
  Result<std::vector<StoredBlock>> find(const Cid& cid) const;

  bool is_verified(const BlockLocation& location) const;

  // Hashes those blocks that were not hashed yet, two side by side where there
  // are two. Blocks being hashed by another thread are waited for, not hashed
  // again. The locations must be ones this store gave. On an error, which
  // names the CID, the others may or may not have been checked.
  Status verify(std::span<const BlockLocation> locations) const;

  const RandomAccessFile& file() const;
  const CarHeader& header() const;
  const CarIndex& index() const;
};

}  // namespace dagfs::car
