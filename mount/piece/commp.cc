// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/commp.h"

#include <algorithm>

namespace dagfs::mount {

PieceHasher::PieceHasher(UnpaddedSize patchable)
    : piece_(patchable, QuadHasher::kChunkSize) {}

void PieceHasher::append(ByteView bytes) {
  constexpr std::size_t kChunkSize = QuadHasher::kChunkSize;
  bytes = piece_.take(bytes);
  if (!partial_.empty()) {
    const ByteView more =
        bytes.first(std::min(bytes.size(), kChunkSize - partial_.size()));
    partial_.insert(partial_.end(), more.begin(), more.end());
    if (partial_.size() < kChunkSize) return;
    quads_.append_to(piece_.tree(), partial_);
    bytes = bytes.subspan(more.size());
  }
  // Whole chunks are hashed from where they are.
  const std::size_t whole = bytes.size() / kChunkSize * kChunkSize;
  quads_.append_to(piece_.tree(), bytes.first(whole));
  partial_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  bytes.end());
}

Status PieceHasher::patch(UnpaddedOffset offset, ByteView bytes) {
  return piece_.patch(offset, bytes);
}

Result<PieceCommitment> PieceHasher::finish() {
  return piece_.finish(quads_, partial_);
}

}  // namespace dagfs::mount
