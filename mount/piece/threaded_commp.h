// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "mount/piece/piece_commitment.h"
#include "mount/piece/piece_tree.h"
#include "mount/piece/quad_hasher.h"

namespace dagfs::mount {

// A PieceHasher whose hashing is done by threads of its own, so that append()
// only copies: beside other work of the caller, or on several cores. They are
// started by the first payload that is worth it. Called by one thread at a
// time. Memory: 254 KiB for the front, and twice that and a bit for each
// thread.
class ThreadedPieceHasher {
 public:
  struct Options {
    // At least one. Where none can be started the caller's thread hashes.
    unsigned threads = 1;
    // At least that many bytes at the front can be patched, and in any case the
    // first 260,096; they are kept in memory.
    UnpaddedSize patchable;
  };

  explicit ThreadedPieceHasher(const Options& options);
  ~ThreadedPieceHasher();  // May wait for 254 KiB to be hashed.

  ThreadedPieceHasher(const ThreadedPieceHasher&) = delete;
  ThreadedPieceHasher& operator=(const ThreadedPieceHasher&) = delete;

  // As those of PieceHasher. append() waits while the threads are behind: hold
  // no lock.
  void append(ByteView bytes);
  Status patch(UnpaddedOffset offset, ByteView bytes);
  Result<PieceCommitment> finish();

  UnpaddedSize payload() const { return piece_.payload(); }
  UnpaddedSize patchable() const { return piece_.patchable(); }

 private:
  // What one thread hashes at a time: long enough that handing it over costs
  // nothing beside it, short enough for several to stay in a shared cache.
  static constexpr std::size_t kStretchChunks = 16;
  static constexpr std::size_t kStretchSize =
      kStretchChunks * QuadHasher::kChunkSize;
  static constexpr unsigned kStretchLevel = QuadHasher::kChunkLevel + 4;

  // A place in the ring. Its bytes belong to the caller's thread until they are
  // handed over, then to the thread that hashes them, until `is_hashed`.
  struct Stretch {
    Bytes bytes;
    TreeNode root = {};      // Guarded by mutex_.
    bool is_hashed = false;  // Guarded by mutex_.
  };

  Stretch& stretch(std::uint64_t number) {
    return ring_[number % ring_.size()];
  }
  void start_threads();
  void hand_over();
  // Waits for the oldest one that was handed over, and puts it into the tree.
  void collect();

  // In the threads.
  void hash_stretches();
  Stretch* next_to_hash();  // Null at the end.

  // Of the caller's thread.
  const unsigned threads_wanted_;
  PieceTree piece_;
  QuadHasher quads_;
  std::uint64_t filling_ = 0;    // The stretch that takes what comes next.
  std::uint64_t collected_ = 0;  // Those before it are in the tree.

  std::vector<Stretch> ring_;

  Mutex mutex_;
  ConditionVariable work_changed_;
  ConditionVariable hashed_changed_;
  std::uint64_t handed_over_ DAGFS_GUARDED_BY(mutex_) = 0;  // Stretches before.
  std::uint64_t taken_ DAGFS_GUARDED_BY(mutex_) = 0;        // By the threads.
  bool is_ending_ DAGFS_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

}  // namespace dagfs::mount
