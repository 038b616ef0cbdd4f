// SPDX-License-Identifier: Apache-2.0 OR MIT

// Blocks that are written, in memory.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/block_sink.h"
#include "tests/support/fake_block_source.h"

namespace dagfs::tests {

// Keeps each CID's block once, in the order in which they came. Checks what
// sinks may rely on: one call at a time, and blocks that hash to their CIDs.
class MemorySink final : public car::BlockSink {
 public:
  // The position of a block is where it would begin in a file of bare blocks.
  Result<std::uint64_t> put(const car::Cid& cid, ByteView block) override;

  // Calls from `count` on (0 is the first) fail with `error`.
  void fail_from(std::uint64_t count, Error error);
  // Calls wait until release().
  void hold();
  void release();
  // Returns once a call waits.
  void wait_for_waiter() const;

  // Blocks so far, each once.
  std::vector<DagBlock> blocks() const;
  std::uint64_t put_count() const;
  // "": nothing was wrong with any call.
  std::string complaint() const;

  // `size` bytes from `position` on.
  Bytes read(std::uint64_t position, std::uint64_t size) const;

 private:
  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  std::vector<DagBlock> blocks_ DAGFS_GUARDED_BY(mutex_);
  std::map<car::Cid, std::uint64_t> positions_ DAGFS_GUARDED_BY(mutex_);
  std::uint64_t end_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t puts_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t fails_from_ DAGFS_GUARDED_BY(mutex_) = ~std::uint64_t{0};
  std::optional<Error> error_ DAGFS_GUARDED_BY(mutex_);
  bool is_held_ DAGFS_GUARDED_BY(mutex_) = false;
  bool is_inside_ DAGFS_GUARDED_BY(mutex_) = false;
  std::string complaint_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::tests
