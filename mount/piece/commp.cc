// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/commp.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cassert>

namespace dagfs::mount {
namespace {

constexpr std::uint64_t kChunkSize = QuadHasher::kChunkSize;

// Chunks of a front that has at least `size` bytes.
std::uint64_t front_chunks(UnpaddedSize size, UnpaddedSize unit) {
  const std::uint64_t bytes = std::max(size, unit).bytes();
  return std::bit_ceil((bytes + kChunkSize - 1) / kChunkSize);
}

}  // namespace

Result<PieceCommitment> grown_to(const PieceCommitment& commitment,
                                 PieceSize size) {
  if (size < commitment.piece) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("piece of {} bytes padded, but the payload takes "
                    "one of {}",
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

PatchableFront::PatchableFront(UnpaddedSize size, UnpaddedSize unit)
    : size_(front_chunks(size, unit) * kChunkSize),
      level_(QuadHasher::kChunkLevel + static_cast<unsigned>(std::countr_zero(
                                           front_chunks(size, unit)))) {}

void PatchableFront::take(ByteView* bytes) {
  const std::size_t taken = std::min(bytes->size(), size_ - bytes_.size());
  bytes_.insert(bytes_.end(), bytes->begin(), bytes->begin() + taken);
  *bytes = bytes->subspan(taken);
}

Status PatchableFront::patch(UnpaddedOffset offset, ByteView bytes) {
  if (offset.bytes() > bytes_.size() ||
      bytes.size() > bytes_.size() - offset.bytes()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("patch of {} bytes at {}, of {} that are kept",
                             bytes.size(), offset.bytes(), bytes_.size()));
  }
  std::ranges::copy(bytes, &bytes_[offset.bytes()]);
  return ok_status();
}

PieceHasher::PieceHasher(UnpaddedSize patchable)
    : front_(patchable, UnpaddedSize(kChunkSize)) {}

void PieceHasher::append(ByteView bytes) {
  payload_ = payload_ + UnpaddedSize(bytes.size());
  if (payload_ > PieceSize::max().unpadded()) return;  // finish() says so.
  if (!front_.is_full()) {
    front_.take(&bytes);
    if (!front_.is_full()) return;
    // Holds the place of the front until its root is known.
    tree_.append(front_.level(), TreeNode{});
  }

  if (!partial_.empty()) {
    const std::size_t taken =
        std::min(bytes.size(), kChunkSize - partial_.size());
    partial_.insert(partial_.end(), bytes.begin(), bytes.begin() + taken);
    bytes = bytes.subspan(taken);
    if (partial_.size() < kChunkSize) return;
    quads_.append_to(tree_, partial_);
    partial_.clear();
  }
  const std::size_t whole = bytes.size() / kChunkSize * kChunkSize;
  quads_.append_to(tree_, bytes.first(whole));
  bytes = bytes.subspan(whole);
  partial_.assign(bytes.begin(), bytes.end());
}

Result<PieceCommitment> PieceHasher::finish() {
  const PieceSize piece = DAGFS_TRY(PieceSize::holding(payload_));
  std::optional<CommitmentTree::FirstSubtree> first;
  if (front_.is_full()) {
    first = {.level = front_.level(), .root = quads_.root_of(front_.bytes())};
    quads_.append_to(tree_, partial_);
  } else {
    quads_.append_to(tree_, front_.bytes());
    // Even of nothing there is a quad.
    if (payload_ == UnpaddedSize()) tree_.append(0, zero_node(0));
  }
  return PieceCommitment{.root = tree_.finish(piece.height(), first),
                         .payload = payload_,
                         .piece = piece};
}

}  // namespace dagfs::mount
