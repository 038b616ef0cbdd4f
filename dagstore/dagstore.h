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
#include "dagstore/shard_info.h"
#include "dagstore/shard_key.h"
#include "mount/mount_registry.h"
#include "mount/piece/data_segment.h"
#include "mount/sector/piece_table.h"

namespace dagfs::dagstore {

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
  // Counts up each time the shard is opened, so that a cache can tell one
  // content of a key from the next. Unique in a process.
  virtual std::uint64_t generation() const = 0;

  // kStale when the file behind was written since it was indexed: what was read
  // from it must not be used, nor the block offsets; acquire() indexes it
  // again. Cheap (one fstat).
  virtual Status check_unchanged() const = 0;

  // Whether the index file still is what was written when the piece was
  // indexed. To be asked before it is said that a block is missing, or is not
  // where the index has it: that may be the index's fault. The first call reads
  // the whole file, later ones answer the same. kStale: it is damaged, so
  // acquire() makes it anew; ask that one. kIo.
  virtual Status check_index() const = 0;
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

// Some blocks (an empty directory's) are in nearly every shard.
inline constexpr std::size_t kFoundShardsMax = 64;

struct DagstoreOptions {
  std::string repo;  // Folder; must have been made by Dagstore::create.
  std::size_t open_shards_max =
      128;  // Idle ones kept open; each takes two descriptors.
  // Tells when a failed shard may be tried again; for tests.
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;
};

// The facade. Safe for use from many threads at once; work on one shard never
// waits for work on another.
class Dagstore {
 public:
  // Makes an empty repo at `repo` (the folder may exist if empty).
  // kInvalidArgument: it is not empty, or already a repo.
  static Status create(const std::string& repo);

  // kNotFound: no repo there. kUnsupported: made by a newer dagfs.
  // kUnavailable: another process has it open (the message names its pid).
  // kCorrupt, kIo.
  //
  // Locks and threads do not pass to the children of a fork(): open after going
  // into the background. No call may be running when it is destroyed; leases
  // may outlive it.
  static Result<std::unique_ptr<Dagstore>> open(const DagstoreOptions& options,
                                                mount::MountRegistry mounts);

  virtual ~Dagstore() = default;

  struct Registration {
    ShardKey key;
    std::string url;
  };
  // Records shards without touching their bytes, all in one durable commit or
  // none. kInvalidArgument: a key is taken or given twice, or a URL nobody can
  // mount.
  virtual Status register_shards(const std::vector<Registration>& shards) = 0;

  // The same for long lists: those that can be recorded are, in one durable
  // commit, and each is told what became of it. A key that is there with this
  // very URL is fine, so a list can be registered again from its start. An
  // Error of the call: nothing was recorded.
  enum class Outcome : std::uint8_t { kRegistered, kThereAlready };
  virtual Result<std::vector<Result<Outcome>>> register_each(
      const std::vector<Registration>& shards) = 0;

  // kNotFound: no such shard.
  virtual Result<ShardInfo> info(const ShardKey& key) const = 0;

  // Visits shards in key order, from the first key greater than `after` (empty:
  // from the start), until `visit` answers false. Streams: memory does not grow
  // with the number of shards.
  using ShardVisitor = std::function<bool(const ShardInfo&)>;
  virtual Status for_each(std::string_view after,
                          const ShardVisitor& visit) const = 0;
  // The same with keys alone, which is cheaper.
  using KeyVisitor = std::function<bool(std::string_view key)>;
  virtual Status for_each_key(std::string_view after,
                              const KeyVisitor& visit) const = 0;

  // Opens the shard, after fetching and indexing it if this is the first look
  // or its piece changed. However many ask at once, it is indexed once, and all
  // get its outcome. A failed one answers its error again without trying for a
  // back-off time that doubles with each failure (or until the source's stamp
  // changes).
  //
  // kNotFound: no such shard; else why it cannot be read. Waits for disks.
  virtual Result<ShardLease> acquire(const ShardKey& key) = 0;

  // The indexed shards that hold a block of `multihash`, at most
  // kFoundShardsMax, in no order. Identity multihashes are in none. What was
  // indexed just now may be missing until the work in the background is done.
  // kIo, kCorrupt.
  virtual Result<std::vector<ShardKey>> find_shards(
      const car::Multihash& multihash) const = 0;

  // Whether find_shards() knows all that was indexed and destroyed; waits for
  // that no longer than `timeout`.
  virtual bool wait_until_settled(std::chrono::milliseconds timeout) const = 0;

  // The bytes of the piece, indexed or not: also of what is no CAR at all. They
  // are what its mount yields, to the end of a whole piece.
  virtual Result<std::shared_ptr<const RandomAccessFile>> open_piece(
      const ShardKey& key) = 0;
  // Its stamp now, without opening it.
  virtual Result<FileStamp> piece_stamp(const ShardKey& key) = 0;
  // How the CAR lies in them. Touches no byte of the piece.
  virtual Result<mount::PieceShape> piece_shape(const ShardKey& key) = 0;

  // The numbers of the segments, among `entries`, of a piece that is an
  // aggregate (mount/piece/data_segment.h); none of any other. Each is a shard
  // with the key ShardKey::of_segment, which nobody needs to register, and is
  // gone with its aggregate. Reads the aggregate's index. Errors as open_piece.
  virtual Result<std::vector<std::uint64_t>> segments(
      const ShardKey& key, const mount::SegmentEntries& entries) = 0;

  // Makes pieces known to mounts of the scheme "lotus", which this store has by
  // itself: where they lie, behind what is known of them already. Durable when
  // it returns. kInvalidArgument: not the CID of a piece. kIo.
  virtual Status add_pieces(const std::vector<mount::PieceRecord>& pieces) = 0;
  // The same with the storage.json of a storage provider's repo, by its
  // absolute path: the folders it lists are searched for those sectors.
  virtual Status add_storage_config(const std::string& path) = 0;

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

  // The folders that pieces are or were read from, outside the repo: nobody may
  // mount over them.
  virtual Result<std::vector<std::string>> backing_folders() const = 0;

  // Makes indexing that is under way, and what waits for it, end soon with
  // kUnavailable, and every later acquire(): for shutting down.
  virtual void stop() = 0;

  // The folder, absolute and without symbolic links.
  virtual const std::string& repo() const = 0;
};

}  // namespace dagfs::dagstore
