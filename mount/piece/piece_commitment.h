// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/base/result.h"
#include "mount/piece/node_hash.h"
#include "mount/piece/piece_size.h"

namespace dagfs::mount {

// The commitment of a piece (commP): the root of a binary tree of hashes over
// its padded bytes, and what it is of. docs/formats/piece.md
struct PieceCommitment {
  TreeNode root = {};
  UnpaddedSize payload;  // Bytes that were hashed.
  PieceSize piece;       // What zeros filled them up to.

  friend bool operator==(const PieceCommitment&,
                         const PieceCommitment&) = default;
};

// The commitment of the same payload in a piece of another size.
// kInvalidArgument: `size` is smaller than the piece is now.
Result<PieceCommitment> grown_to(const PieceCommitment& commitment,
                                 PieceSize size);

}  // namespace dagfs::mount
