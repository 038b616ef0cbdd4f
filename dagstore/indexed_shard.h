// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "car/base/mutex.h"
#include "car/car_header.h"
#include "car/read_only_blockstore.h"
#include "dagstore/dagstore.h"
#include "dagstore/index_repo.h"
#include "mount/mount.h"

namespace dagfs::dagstore {

// A piece and the index that was built from it, both open.
class IndexedShard final : public OpenShard {
 public:
  // Null: the piece must be indexed (again), as it is not the one of `summary`,
  // or the index is missing, cut or malformed. An Error: the piece cannot be
  // read. The index's checksum is not looked at: check_index() does that.
  static Result<std::shared_ptr<const IndexedShard>> open(
      const ShardKey& key, const PieceSummary& summary,
      const mount::Mount& mount, const IndexRepo& indices);

  const ShardKey& key() const override { return key_; }
  const PieceSummary& piece() const override { return summary_; }
  const car::CarHeader& header() const override { return blocks_.header(); }
  std::shared_ptr<const RandomAccessFile> piece_file() const override {
    return piece_file_;
  }
  std::shared_ptr<const RandomAccessFile> index_file() const override {
    return index_file_;
  }
  const car::ReadOnlyBlockstore& blocks() const override { return blocks_; }
  std::uint64_t generation() const override { return generation_; }
  Status check_unchanged() const override;
  Status check_index() const override;

  // Some check_index() found damage.
  bool index_is_damaged() const { return index_is_damaged_; }

 private:
  struct Files {
    std::shared_ptr<const RandomAccessFile> piece;
    std::shared_ptr<const RandomAccessFile> index_file;
    std::shared_ptr<const car::CarIndex> index;
  };

  IndexedShard(ShardKey key, PieceSummary summary, car::CarHeader header,
               const Files& files);

  Error damage() const;

  const ShardKey key_;
  const PieceSummary summary_;
  const std::shared_ptr<const RandomAccessFile> piece_file_;
  const std::shared_ptr<const RandomAccessFile> index_file_;
  const car::ReadOnlyBlockstore blocks_;
  const std::uint64_t generation_;

  // Atomic, because acquire() asks while check_index() runs.
  mutable std::atomic<bool> index_is_checked_ = false;
  mutable std::atomic<bool> index_is_damaged_ = false;
};

}  // namespace dagfs::dagstore
