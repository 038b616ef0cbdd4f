// SPDX-License-Identifier: Apache-2.0 OR MIT

// The entries of a MultihashIndexSorted while they are collected.

#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/multihash.h"
#include "car/record_array.h"

namespace dagfs::car {

// One bucket of the index a key, in the order of the index.
struct IndexBucketKey {
  std::uint64_t code = 0;
  std::uint64_t digest_size = 0;

  static IndexBucketKey of(const Multihash& multihash) {
    return {.code = static_cast<std::uint64_t>(multihash.code),
            .digest_size = multihash.digest.size()};
  }

  friend auto operator<=>(const IndexBucketKey&,
                          const IndexBucketKey&) = default;
};

// Memory: what the index will have in bytes. One thread at a time.
class IndexRecords {
 public:
  // kExhausted: the index would exceed kIndexSizeMax or kIndexBucketsMax, or
  // there is no memory.
  Status add(const Multihash& multihash, std::uint64_t position);

  // What add() can fail of, ahead of it: the next add() of a multihash of the
  // same kind succeeds.
  Status reserve(const Multihash& multihash);

  // Ascending by code, width, digest and position, as encode() needs it.
  void sort();
  bool is_sorted() const { return sorted_; }

  // Some multihash stands twice. Only when sorted.
  bool has_duplicates() const;

  // Entries.
  std::uint64_t count() const;

  // Gives the bytes of codec and body, in pieces, each valid during the call.
  // `position_shift` is added to all positions, modulo 2^64. Only when sorted.
  // Fails as `sink` does.
  using Sink = std::function<Status(ByteView)>;
  Status encode(std::uint64_t position_shift, const Sink& sink) const;

  // Bytes that encode() gives.
  std::uint64_t encoded_size() const;

  // The entries of one kind of multihash; null where there are none. Stays
  // where it is for the life of this object.
  const RecordArray* find_bucket(const IndexBucketKey& key) const;

  using BucketVisitor =
      std::function<void(const IndexBucketKey&, const RecordArray&)>;
  void for_each_bucket(const BucketVisitor& visit) const;

 private:
  using Buckets = std::map<IndexBucketKey, RecordArray>;

  Status use_bucket(const IndexBucketKey& key);

  Buckets buckets_;
  IndexBucketKey last_key_;         // Nearly all sections share one bucket ...
  RecordArray* last_ = nullptr;     // ... so the map is rarely asked.
  std::uint64_t records_size_ = 0;  // Of all buckets, in bytes.
  bool sorted_ = true;
};

}  // namespace dagfs::car
