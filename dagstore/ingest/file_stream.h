// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "car/base/result.h"
#include "car/base/unique_fd.h"
#include "car/unixfs/file_builder.h"
#include "dagstore/durable_file.h"
#include "dagstore/ingest/piece_writer.h"

namespace dagfs::dagstore {

// What a FileStream keeps below its folder.
inline constexpr std::string_view kPieceName = "piece.car";
inline constexpr std::string_view kLeavesName = "leaves";
inline constexpr std::string_view kTailName = "tail";

// A file whose bytes come one after the other, and become a UnixFS file in a
// CAR while they come. For one thread at a time.
//
// In the folder: piece.car (the growing CARv2), leaves (the position of each
// leaf's section, 8 bytes little-endian) and tail (bytes that are in no leaf
// yet). What checkpoint() has said is there, recover() finds.
class FileStream {
 public:
  // `folder` holds none of the three files. `pool` outlives the stream.
  static Result<std::unique_ptr<FileStream>> create(
      const std::string& folder, const car::ImportProfile& profile,
      car::HashPool* pool);

  // Adds bytes; may wait for the hashing to catch up. An Error of the disk
  // stays and comes back from every later call.
  Status append(ByteView bytes);

  // After an Error less than was appended: the rest is lost.
  std::uint64_t size() const { return cut_at_.value_or(builder_.size()); }
  // Some of it was made to survive the machine, so all that replaces it must.
  bool was_synced() const { return was_synced_; }

  // Bytes so far, fewer than asked only at the end. kCorrupt, kIo.
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out);

  // Everything appended so far survives. After an Error of another function
  // what is left of it does, and the Error comes back.
  Status checkpoint(Durability durability);

  // Writes root, index and heads, durably. The stream is of no more use.
  Result<WrittenPiece> finish(const car::NodeAttributes& attributes);

  // Copies everything appended so far to `fd`, from offset 0.
  Status copy_to(int fd);

  // Copies what the last checkpoint of a stream in `folder` had to `fd`, also
  // if it was of another profile. Answers how many bytes that were. kCorrupt:
  // less is there than the checkpoint said. kIo.
  static Result<std::uint64_t> recover(const std::string& folder,
                                       const car::ImportProfile& profile,
                                       int fd);

 private:
  FileStream(const std::string& folder, const car::ImportProfile& profile,
             std::unique_ptr<PieceWriter> piece, UniqueFd leaves,
             car::HashPool* pool);

  Result<std::size_t> read_leaf(std::uint64_t index, std::uint64_t offset,
                                std::span<std::byte> out) const;
  // An Error of the disk is for good: what is no leaf by now will be none.
  Status cut(Status result);
  Status write_leaf_positions();
  Status write_tail(ByteView tail, Durability durability);

  const std::string folder_;
  const std::uint64_t chunk_size_;
  std::unique_ptr<PieceWriter> piece_;
  UniqueFd leaves_;
  std::uint64_t leaves_written_ = 0;
  std::optional<std::uint64_t> kept_size_;  // At the last checkpoint ...
  bool kept_for_machine_ = false;           // ... and how well.
  bool was_synced_ = false;
  std::optional<std::uint64_t> cut_at_;
  car::FileBuilder builder_;  // Last: it writes to the piece.
};

}  // namespace dagfs::dagstore
