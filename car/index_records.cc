// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_records.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>

#include "car/base/endian.h"
#include "car/car_index.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// Of records that are copied to have their positions moved: stays in the
// processor's second-level cache.
constexpr std::size_t kMovedSize = std::size_t{64} << 10;

template <typename T>
void append_le(T value, Bytes* out) {
  out->resize(out->size() + sizeof(T));
  store_le(out->data() + out->size() - sizeof(T), value);
}

Status encode_records(const RecordArray& records, std::uint64_t position_shift,
                      const IndexRecords::Sink& sink) {
  if (position_shift == 0) return sink(records.bytes());
  const std::size_t width = records.width();
  Bytes moved;
  ByteView rest = records.bytes();
  while (!rest.empty()) {
    const std::size_t count = std::max<std::size_t>(1, kMovedSize / width);
    const ByteView some = rest.first(std::min(rest.size(), count * width));
    moved.assign(some.begin(), some.end());
    for (std::size_t end = width; end <= moved.size(); end += width) {
      std::byte* const at = moved.data() + end - kPositionSize;
      store_le(at, load_le<std::uint64_t>(at) + position_shift);
    }
    DAGFS_TRY(sink(moved));
    rest = rest.subspan(some.size());
  }
  return ok_status();
}

}  // namespace

Status IndexRecords::reserve(const Multihash& multihash) {
  const auto key = IndexBucketKey::of(multihash);
  if (last_ == nullptr || key != last_key_) DAGFS_TRY(use_bucket(key));
  if (records_size_ + last_->width() > kIndexSizeMax) {
    return Error(
        ErrorCode::kExhausted,
        fmt::format("the index would be larger than {} bytes", kIndexSizeMax));
  }
  return last_->reserve();
}

Status IndexRecords::add(const Multihash& multihash, std::uint64_t position) {
  DAGFS_TRY(reserve(multihash));
  records_size_ += last_->width();
  sorted_ = false;
  return last_->append(multihash.digest, position);
}

Status IndexRecords::use_bucket(const IndexBucketKey& key) {
  if (buckets_.size() >= kIndexBucketsMax && !buckets_.contains(key)) {
    return Error(
        ErrorCode::kExhausted,
        fmt::format("more than {} kinds of multihash", kIndexBucketsMax));
  }
  last_ = &buckets_.try_emplace(key, key.digest_size).first->second;
  last_key_ = key;
  return ok_status();
}

void IndexRecords::sort() {
  if (sorted_) return;
  for (auto& [key, records] : buckets_) records.sort();
  sorted_ = true;
}

bool IndexRecords::has_duplicates() const {
  assert(sorted_);
  return std::ranges::any_of(buckets_, [](const auto& bucket) {
    return bucket.second.has_equal_digests();
  });
}

std::uint64_t IndexRecords::count() const {
  std::uint64_t count = 0;
  for (const auto& [key, records] : buckets_) count += records.count();
  return count;
}

Status IndexRecords::encode(std::uint64_t position_shift,
                            const Sink& sink) const {
  assert(sorted_);
  // A kind may have been reserved for a block that was never stored.
  std::map<std::uint64_t, std::int32_t> bucket_counts;
  for (const auto& [key, records] : buckets_) {
    if (records.count() > 0) ++bucket_counts[key.code];
  }

  Bytes head;
  append_varint(static_cast<std::uint64_t>(IndexCodec::kMultihashIndexSorted),
                &head);
  append_le(static_cast<std::int32_t>(bucket_counts.size()), &head);
  for (const auto& [code, bucket_count] : bucket_counts) {
    append_le(code, &head);
    append_le(bucket_count, &head);
    auto bucket = buckets_.lower_bound({.code = code, .digest_size = 0});
    for (; bucket != buckets_.end() && bucket->first.code == code; ++bucket) {
      const RecordArray& records = bucket->second;
      if (records.count() == 0) continue;
      append_le(static_cast<std::uint32_t>(records.width()), &head);
      // The length in bytes, though the specification says "count": every
      // writer and reader in use means bytes.
      append_le(std::uint64_t{records.bytes().size()}, &head);
      DAGFS_TRY(sink(head));
      head.clear();
      DAGFS_TRY(encode_records(records, position_shift, sink));
    }
  }
  return head.empty() ? ok_status() : sink(head);
}

std::uint64_t IndexRecords::encoded_size() const {
  std::uint64_t size = 0;
  // Adding lengths fails nowhere.
  const Status added = encode(0, [&size](ByteView bytes) {
    size += bytes.size();
    return ok_status();
  });
  assert(added.ok());
  static_cast<void>(added);
  return size;
}

const RecordArray* IndexRecords::find_bucket(const IndexBucketKey& key) const {
  const auto found = buckets_.find(key);
  return found == buckets_.end() ? nullptr : &found->second;
}

void IndexRecords::for_each_bucket(const BucketVisitor& visit) const {
  for (const auto& [key, records] : buckets_) visit(key, records);
}

}  // namespace dagfs::car
