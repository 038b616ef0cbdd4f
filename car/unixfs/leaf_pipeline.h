// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "car/unixfs/chunker.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// Turns chunks into leaves: hashed by several threads at once, handed on in
// order, one after the other. For one thread at a time.
class LeafPipeline {
 public:
  // Takes a leaf: its CID, its block and how many bytes of the file are in it.
  // Called from any thread, but never twice at a time.
  using Consumer =
      std::function<Status(const Cid&, ByteView, std::uint64_t size)>;

  // Slabs that are hashed together.
  using Batch = std::vector<Slab>;

  // Null `pool`: all is done in the thread that pushes. What `consumer` uses
  // and `pool` must outlive it.
  LeafPipeline(const ImportProfile& profile, HashPool* pool, Consumer consumer);
  // Waits until nobody uses the consumer any more; what had not been begun is
  // dropped.
  ~LeafPipeline();

  LeafPipeline(const LeafPipeline&) = delete;
  LeafPipeline& operator=(const LeafPipeline&) = delete;

  // Adds a batch and waits while more than kBytesInFlightMax bytes are on their
  // way. An Error is the consumer's, perhaps of an earlier batch; it stays, and
  // nothing is consumed after it.
  Status push(Batch batch);
  // push() that hashes in this thread: for ends of files, where handing over
  // and waiting would cost more.
  Status push_here(Batch batch);
  // Waits until all that was pushed is consumed. Errors as push().
  Status drain();

  // An empty slab that was used before; nullopt: there is none.
  std::optional<Slab> reuse_slab();

 private:
  struct Leaf {
    std::uint64_t size = 0;  // Of the chunk.
    ByteView block;
    Cid cid;
  };
  struct Job {
    Batch batch;
    std::uint64_t size = 0;  // Of memory.
    std::vector<Leaf> leaves;
    std::vector<Bytes> wrapped;  // Blocks that are not the chunks themselves.
    Status outcome = ok_status();
    bool is_hashed = false;  // Guarded by mutex_.
  };
  using JobPtr = std::shared_ptr<Job>;

  Result<JobPtr> enqueue(Batch batch);
  void process(const JobPtr& job);
  Status hash(Job* job) const;
  Status hand_on(const Job& job) const;
  JobPtr end_hashing(const JobPtr& job);
  JobPtr end_handing_on(const JobPtr& job, Status outcome);
  JobPtr begin_handing_on_locked() DAGFS_REQUIRES(mutex_);
  bool has_failed() const;
  Status status_locked() const DAGFS_REQUIRES(mutex_);

  const ImportProfile profile_;
  HashPool* const pool_;
  const Consumer consumer_;
  const std::uint64_t bytes_max_;  // In flight.

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<JobPtr> jobs_ DAGFS_GUARDED_BY(mutex_);  // In order.
  std::uint64_t bytes_in_flight_ DAGFS_GUARDED_BY(mutex_) = 0;
  bool is_handing_on_ DAGFS_GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ DAGFS_GUARDED_BY(mutex_);
  std::vector<Slab> unused_slabs_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::car
