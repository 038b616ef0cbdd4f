// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/indexed_shard.h"

#include <utility>

namespace dagfs::dagstore {
namespace {

std::uint64_t next_generation() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

// Null: there is no index that can be used.
Result<std::shared_ptr<const RandomAccessFile>> open_index_file(
    const IndexRepo& indices, const ShardKey& key, std::uint64_t size) {
  auto file = indices.open(key, size);
  // Not every trouble is the index's: out of descriptors, a new one would not
  // open either.
  if (file.ok() || file.error().code() == ErrorCode::kIo) return file;
  return std::shared_ptr<const RandomAccessFile>();
}

}  // namespace

IndexedShard::IndexedShard(ShardKey key, PieceSummary summary,
                           car::CarHeader header, const Files& files)
    : key_(std::move(key)),
      summary_(std::move(summary)),
      piece_file_(files.piece),
      index_file_(files.index_file),
      blocks_(files.piece, std::move(header), files.index),
      generation_(next_generation()) {}

Result<std::shared_ptr<const IndexedShard>> IndexedShard::open(
    const ShardKey& key, const PieceSummary& summary, const mount::Mount& mount,
    const IndexRepo& indices) {
  const std::shared_ptr<const IndexedShard> must_be_indexed;

  Files files{.piece = DAGFS_TRY_CONTEXT(mount.open(), "open piece")};
  const FileStamp stamp = DAGFS_TRY_CONTEXT(files.piece->stamp(), "open piece");
  if (!is_same_content(summary.stamp, stamp)) return must_be_indexed;

  files.index_file = DAGFS_TRY_CONTEXT(
      open_index_file(indices, key, summary.index_size), "open index");
  if (files.index_file == nullptr) return must_be_indexed;
  auto index =
      car::CarIndex::open(files.index_file, {0, files.index_file->size()});
  if (!index.ok()) {
    if (index.error().code() == ErrorCode::kIo) {
      return std::move(index).error().context("open index");
    }
    return must_be_indexed;
  }
  files.index = std::move(index).value();
  if (files.index->entry_count() != summary.block_count) return must_be_indexed;

  auto header =
      DAGFS_TRY_CONTEXT(car::read_car_header(*files.piece), "open piece");
  return std::shared_ptr<const IndexedShard>(
      new IndexedShard(key, summary, std::move(header), files));
}

Status IndexedShard::check_unchanged() const {
  const FileStamp now = DAGFS_TRY(piece_file_->stamp());
  if (is_same_content(summary_.stamp, now)) return ok_status();
  return Error(ErrorCode::kStale, "shard " + key_.text() +
                                      ": its piece was written to since it was "
                                      "indexed");
}

// Several threads may read the file at the same time; all find the same.
Status IndexedShard::check_index() const {
  if (index_is_damaged_) return damage();
  if (index_is_checked_) return ok_status();

  const std::string digest =
      DAGFS_TRY_CONTEXT(sha256_of(*index_file_), "check index");
  if (digest != summary_.index_sha256) {
    index_is_damaged_ = true;
    return damage();
  }
  index_is_checked_ = true;
  return ok_status();
}

Error IndexedShard::damage() const {
  return Error(ErrorCode::kStale, "shard " + key_.text() +
                                      ": its index file is damaged and will be "
                                      "made anew");
}

}  // namespace dagfs::dagstore
