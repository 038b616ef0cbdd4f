// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "mount/piece/piece_commitment.h"
#include "mount/piece/piece_tree.h"
#include "mount/piece/quad_hasher.h"

namespace dagfs::mount {

// Hashes a payload that comes in portions, in one pass and 100 KiB of memory.
// For one thread at a time; ThreadedPieceHasher has more of them.
class PieceHasher {
 public:
  // At least that many bytes at the front can be patched, and in any case the
  // first 16,256; they are kept in memory.
  explicit PieceHasher(UnpaddedSize patchable = UnpaddedSize());

  // The next bytes of the payload, any number of them.
  void append(ByteView bytes);

  // Replaces bytes that were appended before. kInvalidArgument: they reach past
  // what can be patched, or past what was appended.
  Status patch(UnpaddedOffset offset, ByteView bytes);

  // Of all that was appended, in the smallest piece that holds it. Once; the
  // hasher is good for nothing afterwards. kInvalidArgument: no piece holds
  // that much.
  Result<PieceCommitment> finish();

  // Bytes appended so far.
  UnpaddedSize payload() const { return piece_.payload(); }
  // How many at the front can be patched.
  UnpaddedSize patchable() const { return piece_.patchable(); }

 private:
  PieceTree piece_;
  QuadHasher quads_;
  Bytes partial_;  // Less than a chunk.
};

}  // namespace dagfs::mount
