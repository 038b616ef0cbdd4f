// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/piece_commitment.h"

#include <fmt/core.h>

#include "mount/piece/commitment_tree.h"

namespace dagfs::mount {

Result<PieceCommitment> grown_to(const PieceCommitment& commitment,
                                 PieceSize size) {
  if (size < commitment.piece) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("piece of {} bytes, but the payload takes one of "
                    "{}",
                    size.padded().bytes(), commitment.piece.padded().bytes()));
  }
  PieceCommitment grown = commitment;
  grown.piece = size;
  for (unsigned height = commitment.piece.height(); height < size.height();
       ++height) {
    grown.root = hash_pair(grown.root, zero_node(height));
  }
  return grown;
}

}  // namespace dagfs::mount
