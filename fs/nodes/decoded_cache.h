// SPDX-License-Identifier: Apache-2.0 OR MIT

// Blocks that were decoded for one request and will be asked about again by the
// next: a directory of 100,000 names is decoded once for all its look-ups.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "car/unixfs/bounded_cache.h"
#include "car/unixfs/directory_reader.h"
#include "dagstore/dagstore.h"
#include "fs/nodes/decoded_node.h"

namespace dagfs::fs {

// What is kept decoded for all directories of a mount together, and the same
// again for other nodes. A plain directory of 100,000 names takes about 15 MB.
inline constexpr std::size_t kDecodedCostMax = std::size_t{64} << 20;

enum class DirectoryKind : std::uint8_t { kPlain, kSharded };

// Safe for use from many threads at once.
class DecodedCache {
 public:
  struct DirectoryId {
    car::Cid cid;
    DirectoryKind kind = DirectoryKind::kPlain;
  };
  // The UnixFS directory `id` of `shard`. It reads through `store` and
  // keeps no lease: the shard is opened again when it needs a block. Errors as
  // DirectoryReader::open.
  Result<std::shared_ptr<const car::DirectoryReader>> directory(
      dagstore::Dagstore& store, const dagstore::OpenShard& shard,
      const DirectoryId& id);

  // The node of another kind under `cid`. Errors as DecodedNode::load.
  Result<std::shared_ptr<const DecodedNode>> node(
      const dagstore::OpenShard& shard, const car::Cid& cid);

 private:
  struct Key {
    std::uint64_t generation = 0;
    car::Cid cid;

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  car::BoundedCache<Key, const car::DirectoryReader, KeyHash> directories_{
      kDecodedCostMax};
  car::BoundedCache<Key, const DecodedNode, KeyHash> nodes_{kDecodedCostMax};
};

}  // namespace dagfs::fs
