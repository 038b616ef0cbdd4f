// SPDX-License-Identifier: Apache-2.0 OR MIT

// Blocks in memory that can be made to miss, lie or wait.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/block_source.h"

namespace dagfs::tests {

// A block as builders give them and CARs hold them.
struct DagBlock {
  car::Cid cid;
  Bytes bytes;
};

// Lays its blocks out in a pretended file, with gaps where a CAR has section
// heads. Nothing is hashed: a block is good unless corrupt() said otherwise.
// Safe for use from many threads at once.
class FakeBlockSource final : public car::BlockSource {
 public:
  FakeBlockSource() = default;
  explicit FakeBlockSource(std::span<const DagBlock> blocks) { add(blocks); }

  // Of blocks with the same multihash the first stays.
  void add(std::span<const DagBlock> blocks);
  void add(const car::Cid& cid, ByteView bytes);

  // get() and locate() answer kNotFound from now on; `cid` need not be here.
  void lose(const car::Cid& cid);
  // get() answers kCorrupt; locate(), which reads no bytes, still works.
  void corrupt(const car::Cid& cid);
  // get() waits for release().
  void hold(const car::Cid& cid);
  void release(const car::Cid& cid);
  // Returns once `count` calls wait for held blocks.
  void wait_for_waiters(std::size_t count) const;

  // The bytes that an extent or location points at.
  Bytes read(std::uint64_t offset, std::uint64_t size) const;

  // Calls so far, whatever they answered.
  std::size_t gets() const;
  std::size_t locates() const;

  Result<car::Block> get(const car::Cid& cid) const override;
  Result<car::BlockLocation> locate(const car::Cid& cid) const override;

 private:
  enum class Fault : std::uint8_t { kNone, kMissing, kCorrupt };

  struct Entry {
    car::Block block;
    car::BlockLocation location;
    Fault fault = Fault::kNone;
    bool held = false;
  };
  using Entries = std::map<Bytes, Entry>;  // By multihash.

  static Bytes key_of(const car::Cid& cid);
  Result<const Entry*> find_locked(const car::Cid& cid) const
      DAGFS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  Entries entries_ DAGFS_GUARDED_BY(mutex_);
  Bytes file_ DAGFS_GUARDED_BY(mutex_);
  mutable std::size_t waiters_ DAGFS_GUARDED_BY(mutex_) = 0;
  mutable std::size_t gets_ DAGFS_GUARDED_BY(mutex_) = 0;
  mutable std::size_t locates_ DAGFS_GUARDED_BY(mutex_) = 0;
};

}  // namespace dagfs::tests
