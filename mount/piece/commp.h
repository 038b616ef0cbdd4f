// SPDX-License-Identifier: Apache-2.0 OR MIT

// The commitment of a piece (commP): the root of a binary tree of hashes over
// its padded bytes. docs/formats/piece.md

#pragma once

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "mount/piece/commitment_tree.h"
#include "mount/piece/piece_size.h"
#include "mount/piece/quad_hasher.h"

namespace dagfs::mount {

// What is said of a payload.
struct PieceCommitment {
  TreeNode root = {};
  UnpaddedSize payload;  // Bytes given.
  PieceSize piece;       // What they were filled up to with zeros.

  friend bool operator==(const PieceCommitment&,
                         const PieceCommitment&) = default;
};

// The commitment of the same payload in a piece of another size.
// kInvalidArgument: `size` is smaller than the piece is now.
Result<PieceCommitment> grown_to(const PieceCommitment& commitment,
                                 PieceSize size);

// The front of a payload, which may change until the end because it is kept and
// hashed last. Its size is some 2^n chunks.
class PatchableFront {
 public:
  // At least `size` bytes, in units of at least 2^n chunks `unit`.
  PatchableFront(UnpaddedSize size, UnpaddedSize unit);

  // Takes the bytes that belong to it off the front of `*bytes`.
  void take(ByteView* bytes);
  // As PieceHasher::patch.
  Status patch(UnpaddedOffset offset, ByteView bytes);

  bool is_full() const { return bytes_.size() == size_; }
  UnpaddedSize size() const { return UnpaddedSize(size_); }
  ByteView bytes() const { return bytes_; }
  // Of the node above it once it is full.
  unsigned level() const { return level_; }

 private:
  std::size_t size_;
  unsigned level_;
  Bytes bytes_;
};

// Hashes a payload that comes in portions, in one pass: 70 KiB of memory and
// the patchable front. For one thread at a time; ThreadedPieceHasher has more.
class PieceHasher {
 public:
  // At least that many bytes at the front can be patched; in any case 16,256.
  explicit PieceHasher(UnpaddedSize patchable = UnpaddedSize());

  // The next bytes of the payload, any number of them.
  void append(ByteView bytes);

  // Replaces bytes that were appended before. kInvalidArgument: they reach past
  // the patchable front, or past what was appended.
  Status patch(UnpaddedOffset offset, ByteView bytes) {
    return front_.patch(offset, bytes);
  }

  // Of all that was appended, in the smallest piece that holds it. Once; the
  // hasher is good for nothing afterwards. kInvalidArgument: the payload is
  // larger than any piece.
  Result<PieceCommitment> finish();

  // Bytes appended so far.
  UnpaddedSize payload() const { return payload_; }
  // How many at the front can be patched.
  UnpaddedSize patchable() const { return front_.size(); }

 private:
  PatchableFront front_;
  Bytes partial_;  // Less than a chunk.
  QuadHasher quads_;
  CommitmentTree tree_;
  UnpaddedSize payload_;
};

}  // namespace dagfs::mount
