// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/unixfs/directory_entries.h"
#include "car/unixfs/node_writer.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// Writes a HAMT of `entries`, which are sorted by hash and have different
// names: shards bottom-up, holding the links of one shard a level. Attributes
// are the root shard's. kUnsupported: two names have the same hash, which no
// HAMT can hold. Else as put_node.
Result<BuiltDag> put_hamt(const ImportProfile& profile, BlockSink& sink,
                          const DirectoryEntries& entries,
                          const NodeAttributes& attributes);

}  // namespace dagfs::car
