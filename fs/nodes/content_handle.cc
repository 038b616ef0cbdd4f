// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/content_handle.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <semaphore>
#include <thread>
#include <utility>

#include "car/ipld/sha256_many.h"
#include "fs/nodes/byte_range.h"
#include "fs/nodes/content_fault.h"

namespace dagfs::fs {
namespace {

// writev takes 1,024 vectors, one of which is the reply's head. Leaves so small
// that a read touches more than these are cheaper copied.
constexpr std::size_t kPiecesMax = 256;

// What is mapped at a time, so that leaves of one byte each cannot make a read
// of 1 MiB keep a million extents.
constexpr std::uint64_t kWindowSize = std::uint64_t{128} << 10;

// The right to hash early, of which there are as many as processors, for all
// files together: more threads would only take their turn from those that
// somebody waits for.
class EarlyTurn {
 public:
  EarlyTurn() : is_taken_(free().try_acquire()) {}
  EarlyTurn(const EarlyTurn&) = delete;
  EarlyTurn& operator=(const EarlyTurn&) = delete;
  ~EarlyTurn() {
    if (is_taken_) free().release();
  }

  bool is_taken() const { return is_taken_; }

 private:
  static std::counting_semaphore<>& free() {
    static std::counting_semaphore<> turns(
        std::max(1U, std::thread::hardware_concurrency()));
    return turns;
  }

  bool is_taken_;
};

// Whether `next` goes on where `last` ends, in the same block.
bool continues(const car::FileExtent& last, const car::FileExtent& next) {
  return last.bytes == next.bytes && last.block.offset == next.block.offset &&
         last.block_offset + last.size == next.block_offset;
}

void append_merged(std::vector<car::FileExtent> more,
                   std::vector<car::FileExtent>* extents) {
  for (car::FileExtent& extent : more) {
    if (!extents->empty() && continues(extents->back(), extent)) {
      extents->back().size += extent.size;
    } else {
      extents->push_back(std::move(extent));
    }
  }
}

// `fault`, remembered where it is about the content.
Error told(Error fault, RememberedError& remembered) {
  // What a changed piece says of blocks is no news about this content.
  if (fault.code() != ErrorCode::kStale) remembered.set(fault);
  return fault;
}

}  // namespace

Result<std::unique_ptr<FileHandle>> ContentHandle::open(
    dagstore::ShardLease lease, const car::Cid& root,
    std::shared_ptr<const FileMapping> mapping,
    std::shared_ptr<RememberedError> error) {
  auto layout = car::FileLayout::open(lease->blocks(), root);
  if (!layout.ok()) {
    return told(block_fault(*lease, root, std::move(layout).error()), *error);
  }
  return std::unique_ptr<FileHandle>(
      new ContentHandle(std::move(lease), {.layout = std::move(layout).value(),
                                           .mapping = std::move(mapping),
                                           .error = std::move(error)}));
}

Status ContentHandle::read(ByteRange range, ReadBuffers* buffers) {
  range = clamp(range, parts_.layout->size());
  if (range.size == 0) return ok_status();
  DAGFS_TRY(lease_->check_unchanged());
  Status done = read_verified(range, buffers);
  if (done.ok()) return done;
  return told(content_fault(*lease_, std::move(done).error()), *parts_.error);
}

Status ContentHandle::read_verified(ByteRange range, ReadBuffers* buffers) {
  read_ahead_.note_read(range);
  Extents extents;
  while (range.size > 0) {
    const ByteRange window = {.offset = range.offset,
                              .size = std::min(range.size, kWindowSize)};
    Extents mapped;
    DAGFS_TRY(parts_.layout->map(window, &mapped));
    append_merged(std::move(mapped), &extents);
    range.offset += window.size;
    range.size -= window.size;
    if (extents.size() <= kPiecesMax && range.size > 0) continue;
    DAGFS_TRY(verify(extents));
    DAGFS_TRY(append(extents, buffers));
    extents.clear();
  }
  return ok_status();
}

Status ContentHandle::verify(const Extents& extents) const {
  const car::ReadOnlyBlockstore& blocks = lease_->blocks();
  std::vector<car::BlockLocation> unverified;
  for (const car::FileExtent& extent : extents) {
    if (extent.bytes || blocks.is_verified(extent.block)) continue;
    unverified.push_back(extent.block);
  }
  if (unverified.empty()) return ok_status();
  std::ranges::sort(unverified, {}, &car::BlockLocation::offset);
  const auto is_same = [](const auto& a, const auto& b) {
    return a.offset == b.offset;
  };
  unverified.erase(std::unique(unverified.begin(), unverified.end(), is_same),
                   unverified.end());

  return blocks.verify(unverified);
}

void ContentHandle::read_ahead() {
  const EarlyTurn turn;
  if (!turn.is_taken()) return;
  const auto batch = read_ahead_.plan();
  if (!batch) return;
  const car::LeafRun leaves = parts_.layout->next_leaves(
      batch->offset, {.count = car::sha256_lanes(), .size = batch->size_max});
  read_ahead_.planned(*batch, leaves.end);
  lease_->blocks().verify_early(leaves.blocks);
}

Status ContentHandle::append(const Extents& extents,
                             ReadBuffers* buffers) const {
  if (!parts_.mapping || extents.size() > kPiecesMax) {
    return append_copied(extents, buffers);
  }
  for (const car::FileExtent& extent : extents) {
    if (extent.bytes) {
      // Not written to; iovec has no const.
      auto* start = const_cast<std::byte*>(extent.bytes->data());  // NOLINT
      buffers->pieces.push_back(
          {.iov_base = start + extent.block_offset, .iov_len = extent.size});
      buffers->owners.push_back(extent.bytes);
    } else {
      buffers->pieces.push_back(parts_.mapping->at(
          {.offset = extent.block.offset + extent.block_offset,
           .size = extent.size}));
    }
  }
  buffers->owners.push_back(parts_.mapping);
  return ok_status();
}

Status ContentHandle::append_copied(const Extents& extents,
                                    ReadBuffers* buffers) const {
  std::size_t size = 0;
  for (const car::FileExtent& extent : extents) size += extent.size;
  auto copy = std::make_shared<Bytes>(size);
  const auto piece = lease_->piece_file();
  std::span<std::byte> rest(*copy);
  for (const car::FileExtent& extent : extents) {
    const std::span<std::byte> out = rest.first(extent.size);
    rest = rest.subspan(extent.size);
    if (extent.bytes) {
      std::ranges::copy(
          ByteView(*extent.bytes).subspan(extent.block_offset, extent.size),
          out.begin());
    } else {
      DAGFS_TRY(piece->read_at(extent.block.offset + extent.block_offset, out));
    }
  }
  buffers->pieces.push_back(
      {.iov_base = copy->data(), .iov_len = copy->size()});
  buffers->owners.push_back(std::move(copy));
  return ok_status();
}

}  // namespace dagfs::fs
