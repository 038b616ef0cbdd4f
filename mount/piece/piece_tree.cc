// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/piece_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

namespace dagfs::mount {
namespace {

constexpr std::size_t kChunkSize = QuadHasher::kChunkSize;

// The level of the one node above 2^n chunks.
unsigned level_above(std::size_t size) {
  return QuadHasher::kChunkLevel +
         static_cast<unsigned>(std::countr_zero(size / kChunkSize));
}

}  // namespace

PieceTree::PieceTree(UnpaddedSize patchable, std::size_t unit)
    : front_size_(
          std::bit_ceil((std::max(patchable.bytes(), unit) + kChunkSize - 1) /
                        kChunkSize) *
          kChunkSize) {}

ByteView PieceTree::take(ByteView bytes) {
  payload_ = payload_ + UnpaddedSize(bytes.size());
  if (payload_ > PieceSize::max().unpadded()) return {};  // finish() says so.
  if (is_front_full()) return bytes;

  const std::size_t taken = std::min(bytes.size(), front_size_ - front_.size());
  const ByteView front = bytes.first(taken);
  front_.insert(front_.end(), front.begin(), front.end());
  // Any node does until the front's own is known.
  if (is_front_full()) tree_.append(level_above(front_size_), TreeNode{});
  return bytes.subspan(taken);
}

Status PieceTree::patch(UnpaddedOffset offset, ByteView bytes) {
  if (offset.bytes() > front_.size() ||
      bytes.size() > front_.size() - offset.bytes()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("patch of {} bytes at {}, of {} that are kept",
                             bytes.size(), offset.bytes(), front_.size()));
  }
  std::ranges::copy(
      bytes, front_.begin() + static_cast<std::ptrdiff_t>(offset.bytes()));
  return ok_status();
}

Result<PieceCommitment> PieceTree::finish(QuadHasher& hasher, ByteView rest) {
  const PieceSize piece = DAGFS_TRY(PieceSize::holding(payload_));
  std::optional<CommitmentTree::FirstSubtree> first;
  if (is_front_full()) {
    first = {.level = level_above(front_size_), .root = hasher.root_of(front_)};
    hasher.append_to(tree_, rest);
  } else if (!front_.empty()) {
    hasher.append_to(tree_, front_);
  } else {
    tree_.append(0, zero_node(0));  // Even of nothing there is a quad.
  }
  return PieceCommitment{.root = tree_.finish(piece.height(), first),
                         .payload = payload_,
                         .piece = piece};
}

}  // namespace dagfs::mount
