// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>

#include "car/base/result.h"
#include "dagstore/index_repo.h"
#include "dagstore/shard_info.h"
#include "mount/mount.h"

namespace dagfs::dagstore {

// Walks the piece that `mount` yields and leaves its index, durable, in
// `indices`. If somebody writes to the piece meanwhile it starts again, once.
//
// kUnavailable: the piece is not there, was written to again, or `cancelled`
// was set. kCorrupt: it is no CAR, or damaged. kIo. May take minutes: hold no
// lock.
Result<PieceSummary> index_piece(const ShardKey& key, const mount::Mount& mount,
                                 const IndexRepo& indices,
                                 const std::atomic<bool>& cancelled);

}  // namespace dagfs::dagstore
