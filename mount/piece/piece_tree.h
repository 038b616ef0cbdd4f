// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "mount/piece/commitment_tree.h"
#include "mount/piece/piece_commitment.h"
#include "mount/piece/quad_hasher.h"

namespace dagfs::mount {

// What hashers of a payload have in common: its front, which is kept because it
// may change until the end, and the tree over the rest. For one thread at a
// time.
class PieceTree {
 public:
  // At least `patchable` bytes are kept, and at least 2^n chunks `unit`.
  PieceTree(UnpaddedSize patchable, std::size_t unit);

  // Counts the next bytes of the payload and keeps what belongs to the front.
  // The rest, behind the front, is for the caller to hash into tree(); it is
  // nothing once no piece holds the payload.
  ByteView take(ByteView bytes);

  // Replaces bytes of the front. kInvalidArgument: they reach past it, or past
  // what was taken.
  Status patch(UnpaddedOffset offset, ByteView bytes);

  // The commitment; `rest` is what of the last take()s is not in tree() yet.
  // kInvalidArgument: no piece holds the payload.
  Result<PieceCommitment> finish(QuadHasher& hasher, ByteView rest);

  // Has room for the front, and begins behind it.
  CommitmentTree& tree() { return tree_; }

  UnpaddedSize payload() const { return payload_; }
  UnpaddedSize patchable() const { return UnpaddedSize(front_size_); }

 private:
  bool is_front_full() const { return front_.size() == front_size_; }

  std::size_t front_size_;  // 2^n chunks.
  Bytes front_;
  CommitmentTree tree_;
  UnpaddedSize payload_;
};

}  // namespace dagfs::mount
