// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "car/base/file.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "dagstore/index_repo.h"
#include "dagstore/inverted_index.h"
#include "dagstore/shard_registry.h"

namespace dagfs::dagstore {

// An index file that is out of use; null: there was none.
struct RetiredIndex {
  std::string checksum;
  std::shared_ptr<const RandomAccessFile> file;
};

// Keeps the inverted index to what the registry says, in a thread of its own
// that gives way to all others: shards that were indexed are put in, those that
// were destroyed taken out, also by processes that died before they came to it.
// Safe for use from many threads at once.
class InvertedBuilder {
 public:
  // All must outlive it.
  struct Parts {
    ShardRegistry& registry;
    const IndexRepo& indices;
    InvertedIndex& inverted;
  };

  // Starts at once with what is left to do.
  explicit InvertedBuilder(Parts parts);
  InvertedBuilder(const InvertedBuilder&) = delete;
  InvertedBuilder& operator=(const InvertedBuilder&) = delete;
  // Waits for the batch that is being written.
  ~InvertedBuilder();

  // The registry notes changes that were not there before.
  void notify();

  // `old` was the index of `key`: with it the entries can be removed without
  // looking through all there are. To be followed by notify().
  void retire(const ShardKey& key, RetiredIndex old);

  // Throws everything away and makes it again.
  void rebuild();

  // Whether all that the registry noted is in. What cannot be worked off now is
  // tried again every minute and does not count.
  bool is_settled() const;
  // False: not within `timeout`.
  bool wait_until_settled(std::chrono::milliseconds timeout) const;

  // Ends the thread's work soon, for good.
  void stop();

 private:
  void run();
  bool wait_for_work(std::uint64_t* round);
  void end_round(std::uint64_t round);
  Status search_registry();
  Result<std::string> search_on(const std::string& progress);
  Status work_off_changes();
  Status settle(const ShardKey& key);
  Status settle_content(const ShardInfo& info);
  Status drop(const ShardKey& key);
  std::shared_ptr<const RandomAccessFile> take_retired(
      const ShardKey& key, std::string_view checksum);

  const Parts parts_;
  std::atomic<bool> is_stopping_ = false;

  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  // Rounds that were asked for and those that are done.
  std::uint64_t asked_ DAGFS_GUARDED_BY(mutex_) = 1;
  std::uint64_t done_ DAGFS_GUARDED_BY(mutex_) = 0;
  bool must_restart_ DAGFS_GUARDED_BY(mutex_) = false;
  std::map<std::string, RetiredIndex, std::less<>> retired_
      DAGFS_GUARDED_BY(mutex_);

  bool has_failures_ = false;  // The thread's own.

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace dagfs::dagstore
