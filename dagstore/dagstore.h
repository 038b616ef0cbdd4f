// SPDX-License-Identifier: Apache-2.0 OR MIT

// The dagstore: which shards exist, in which state, and what is inside.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/read_only_blockstore.h"
#include "dagstore/shard_key.h"
#include "dagstore/shard_state.h"
#include "mount/mount_registry.h"

namespace dagfs::dagstore {

// What indexing found out about a piece; kept in the registry.
struct PieceSummary {
  unsigned car_version = 1;
  std::vector<car::Cid> roots;
  std::uint64_t size = 0;         // Of the whole CAR as its mount yields it.
  std::uint64_t block_count = 0;  // Sections, duplicates and identity ones included.
  std::uint64_t block_bytes = 0;
  std::uint64_t data_end = 0;     // Position in the payload after the last section.
  std::uint64_t index_size = 0;
  bool has_duplicates = false;    // Some multihash stands in two sections.
  std::string embedded_index;     // "none", "matches", or why it was not used.
  FileStamp stamp;                // Of the piece when it was indexed.
};

// One shard as the registry knows it; copying it touches no bytes of the piece.
struct ShardInfo {
  ShardKey key;
  std::string url;  // As registered; file URLs inside the repo are relative.
  ShardState state = ShardState::kNew;
  std::string error;  // Why kErrored, or empty.
  std::chrono::system_clock::time_point registered_at;
  std::optional<std::chrono::system_clock::time_point> indexed_at;
  std::optional<PieceSummary> piece;  // Once it was indexed.
  std::uint64_t leases = 0;
};

// An indexed shard held open. Immutable; everything in it is safe for use from
// many threads.
class OpenShard {
 public:
  virtual ~OpenShard() = default;

  virtual const ShardKey& key() const = 0;
  virtual const PieceSummary& piece() const = 0;
  virtual const car::CarHeader& header() const = 0;
  virtual std::shared_ptr<const RandomAccessFile> piece_file() const = 0;
  virtual std::shared_ptr<const RandomAccessFile> index_file() const = 0;
  virtual const car::ReadOnlyBlockstore& blocks() const = 0;
  // Counts up when the piece is indexed again after a change, so that a cache
  // can tell one content of a key from the next. Unique in a process.
  virtual std::uint64_t generation() const = 0;

  // kUnavailable when the file behind was written since it was indexed: what
  // was read from it must not be used, nor the block offsets. Cheap (one fstat).
  virtual Status check_unchanged() const = 0;
};

// The right to read a shard: while one exists the shard cannot be destroyed.
// Move-only; returning it is its destructor's work. Any thread.
class ShardLease {
 public:
  ShardLease(std::shared_ptr<const OpenShard> shard, std::shared_ptr<void> hold)
      : hold_(std::move(hold)), shard_(std::move(shard)) {}
  ShardLease(ShardLease&&) noexcept = default;
  ShardLease& operator=(ShardLease&&) noexcept = default;
  ShardLease(const ShardLease&) = delete;
  ShardLease& operator=(const ShardLease&) = delete;

  const OpenShard* operator->() const { return shard_.get(); }
  const OpenShard& operator*() const { return *shard_; }

 private:
  std::shared_ptr<void> hold_;  // Gives the lease back when it dies.
  std::shared_ptr<const OpenShard> shard_;
};

struct DagstoreOptions {
  std::string repo;  // Folder; must have been made by Dagstore::create.
  std::size_t open_shards_max = 128;  // Idle ones kept open; each takes two descriptors.
};

// The facade. Safe for use from many threads at once; work on one shard never
// waits for work on another.
class Dagstore {
 public:
  // Makes an empty repo at `repo` (the folder may exist if empty). kInvalidArgument:
  // it is not empty, or already a repo.
  static Status create(const std::string& repo);

  // kNotFound: no repo there. kUnavailable: another process has it open (the
  // message names its pid). kCorrupt, kIo.
  static Result<std::unique_ptr<Dagstore>> open(
      const DagstoreOptions& options, mount::MountRegistry mounts);

  virtual ~Dagstore() = default;

  struct Registration {
    ShardKey key;
    std::string url;
  };
  // Records shards without touching their bytes, all in one durable commit or
  // none. kInvalidArgument: a key is taken or given twice, or a URL nobody can
  // mount.
  virtual Status register_shards(const std::vector<Registration>& shards) = 0;

  // kNotFound: no such shard.
  virtual Result<ShardInfo> info(const ShardKey& key) const = 0;

  // Visits shards in key order, from the first key greater than `after` (empty:
  // from the start), until `visit` answers false. Streams: memory does not grow
  // with the number of shards.
  using ShardVisitor = std::function<bool(const ShardInfo&)>;
  virtual Status for_each(std::string_view after, const ShardVisitor& visit) const = 0;
  // The same with keys alone, which is cheaper.
  using KeyVisitor = std::function<bool(std::string_view key)>;
  virtual Status for_each_key(std::string_view after, const KeyVisitor& visit) const = 0;

  // Opens the shard, after fetching and indexing it if this is the first look
  // or its piece changed. However many ask at once, it is indexed once, and all
  // get its outcome. A failed one answers its error again without trying for a
  // back-off time that doubles with each failure (or until the source's stamp
  // changes).
  //
  // kNotFound: no such shard; else why it cannot be read. Waits for disks.
  virtual Result<ShardLease> acquire(const ShardKey& key) = 0;

  // The bytes of the piece, indexed or not: also of what is no CAR at all.
  virtual Result<std::shared_ptr<const RandomAccessFile>> open_piece(
      const ShardKey& key) = 0;
  // Its stamp now, without opening it.
  virtual Result<FileStamp> piece_stamp(const ShardKey& key) = 0;

  // Removes record and index; never touches the piece. kNotFound; kUnavailable:
  // leases are out.
  virtual Status destroy(const ShardKey& key) = 0;

  // Reads the whole piece and checks every block, strictly. `progress` (may be
  // empty) is told bytes done. The report, or why the piece cannot be walked.
  struct VerifyReport {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t unverifiable = 0;  // Blocks of hash functions not known here.
    std::vector<std::string> bad;    // One line each, with CID and offset.
  };
  virtual Result<VerifyReport> verify(
      const ShardKey& key,
      const std::function<void(std::uint64_t)>& progress) = 0;

  virtual const std::string& repo() const = 0;
};

}  // namespace dagfs::dagstore
