// SPDX-License-Identifier: Apache-2.0 OR MIT

// What to make of blocks that are missing or wrong.

#pragma once

#include "car/base/error.h"
#include "car/base/result.h"
#include "dagstore/dagstore.h"

namespace dagfs::fs {

// Whether asking again is useless as long as the piece is the same, so that
// the failure is part of what the content looks like.
bool is_settled(ErrorCode code);

// To be asked before content of `shard` is said to be missing or wrong. kStale:
// its piece was written to or its index damaged since it was opened, so that
// another look may find the content. kIo. The first time for an open shard this
// reads its index.
Status confirm_fault(const dagstore::OpenShard& shard);

// The error that a program should see for `error`, which content of `shard`
// gave. "No such file" would be said of names that list, so what is missing is
// kUnavailable; and what confirm_fault() finds comes first.
Error content_fault(const dagstore::OpenShard& shard, Error error);

// content_fault() for what the block of `cid` itself gave, which was there when
// its node was looked up: kStale where it is not any more, because the piece
// was replaced by one with other content.
Error block_fault(const dagstore::OpenShard& shard, const car::Cid& cid,
                  Error error);

}  // namespace dagfs::fs
