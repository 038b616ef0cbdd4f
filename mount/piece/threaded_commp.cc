// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/threaded_commp.h"

#include <pthread.h>

#include <algorithm>
#include <system_error>

namespace dagfs::mount {

ThreadedPieceHasher::ThreadedPieceHasher(const Options& options)
    : threads_wanted_(std::max(1U, options.threads)),
      piece_(options.patchable, kStretchSize),
      // One that is being filled, and for each thread one to hash and one that
      // waits.
      ring_(2 * threads_wanted_ + 1) {}

ThreadedPieceHasher::~ThreadedPieceHasher() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    work_changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

void ThreadedPieceHasher::append(ByteView bytes) {
  bytes = piece_.take(bytes);
  while (!bytes.empty()) {
    if (filling_ - collected_ == ring_.size()) collect();
    Bytes& to = stretch(filling_).bytes;
    const ByteView more =
        bytes.first(std::min(bytes.size(), kStretchSize - to.size()));
    to.insert(to.end(), more.begin(), more.end());
    bytes = bytes.subspan(more.size());
    if (to.size() == kStretchSize) hand_over();
  }
}

Status ThreadedPieceHasher::patch(UnpaddedOffset offset, ByteView bytes) {
  return piece_.patch(offset, bytes);
}

Result<PieceCommitment> ThreadedPieceHasher::finish() {
  while (collected_ < filling_) collect();
  return piece_.finish(quads_, stretch(filling_).bytes);
}

void ThreadedPieceHasher::start_threads() {
  try {
    while (threads_.size() < threads_wanted_) {
      threads_.emplace_back([this] {
        ::pthread_setname_np(::pthread_self(), "dagfs-commp");
        hash_stretches();
      });
    }
  } catch (const std::system_error&) {
    // Those that there are do it all, or hand_over() does.
  }
}

void ThreadedPieceHasher::hand_over() {
  if (threads_.empty()) start_threads();
  if (threads_.empty()) {
    Bytes& bytes = stretch(filling_).bytes;
    piece_.tree().append(kStretchLevel, quads_.root_of(bytes));
    bytes.clear();
    return;
  }
  const MutexLock lock(mutex_);
  handed_over_ = ++filling_;
  work_changed_.notify_one();
}

void ThreadedPieceHasher::collect() {
  Stretch& oldest = stretch(collected_);
  TreeNode root = {};
  {
    const MutexLock lock(mutex_);
    while (!oldest.is_hashed) hashed_changed_.wait(mutex_);
    oldest.is_hashed = false;
    root = oldest.root;
  }
  piece_.tree().append(kStretchLevel, root);
  oldest.bytes.clear();
  ++collected_;
}

void ThreadedPieceHasher::hash_stretches() {
  QuadHasher hasher;
  while (Stretch* const taken = next_to_hash()) {
    const TreeNode root = hasher.root_of(taken->bytes);
    const MutexLock lock(mutex_);
    taken->root = root;
    taken->is_hashed = true;
    hashed_changed_.notify_one();
  }
}

ThreadedPieceHasher::Stretch* ThreadedPieceHasher::next_to_hash() {
  const MutexLock lock(mutex_);
  while (taken_ == handed_over_ && !is_ending_) work_changed_.wait(mutex_);
  return is_ending_ ? nullptr : &stretch(taken_++);
}

}  // namespace dagfs::mount
