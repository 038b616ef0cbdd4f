// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "car/base/endian.h"
#include "car/car_index.h"
#include "car/ipld/varint.h"
#include "car/limits.h"
#include "car/record_array.h"

namespace dagfs::car {
namespace {

// Often enough to stop within a millisecond, too rarely to be felt.
constexpr std::uint64_t kSectionsBetweenPolls = 4096;

// One bucket of the index a key, in the order of the index.
struct BucketKey {
  std::uint64_t code = 0;
  std::uint64_t digest_size = 0;

  friend auto operator<=>(const BucketKey&, const BucketKey&) = default;
};

class IndexBuilder {
 public:
  Status add(const Section& section);
  Status write(int fd);
  bool has_duplicates() const { return has_duplicates_; }
  std::uint64_t written() const { return written_; }

 private:
  using Buckets = std::map<BucketKey, RecordArray>;

  Status use_bucket(const BucketKey& key);
  Status write_bucket(std::uint64_t width, RecordArray* records, int fd);
  Status write_bytes(ByteView bytes, int fd);

  Buckets buckets_;
  BucketKey last_key_;           // Nearly all sections share one bucket ...
  RecordArray* last_ = nullptr;  // ... so the map is rarely asked.
  std::uint64_t records_size_ = 0;
  std::uint64_t written_ = 0;
  bool has_duplicates_ = false;
};

Status IndexBuilder::add(const Section& section) {
  const Multihash& multihash = section.cid.multihash;
  const BucketKey key{.code = static_cast<std::uint64_t>(multihash.code),
                      .digest_size = multihash.digest.size()};
  if (last_ == nullptr || key != last_key_) DAGFS_TRY(use_bucket(key));
  records_size_ += last_->width();
  if (records_size_ > kIndexSizeMax) {
    return Error(
        ErrorCode::kExhausted,
        fmt::format("the index would be larger than {} bytes", kIndexSizeMax));
  }
  return last_->append(multihash.digest, section.position);
}

Status IndexBuilder::use_bucket(const BucketKey& key) {
  const auto found = buckets_.try_emplace(key, key.digest_size).first;
  if (buckets_.size() > kIndexBucketsMax) {
    return Error(
        ErrorCode::kExhausted,
        fmt::format("more than {} kinds of multihash", kIndexBucketsMax));
  }
  last_key_ = key;
  last_ = &found->second;
  return ok_status();
}

template <typename T>
void append_le(T value, Bytes* out) {
  out->resize(out->size() + sizeof(T));
  store_le(out->data() + out->size() - sizeof(T), value);
}

Status IndexBuilder::write(int fd) {
  std::map<std::uint64_t, std::int32_t> bucket_counts;
  for (const auto& [key, records] : buckets_) ++bucket_counts[key.code];

  Bytes head;
  append_varint(static_cast<std::uint64_t>(IndexCodec::kMultihashIndexSorted),
                &head);
  append_le(static_cast<std::int32_t>(bucket_counts.size()), &head);
  DAGFS_TRY(write_bytes(head, fd));
  for (const auto& [code, bucket_count] : bucket_counts) {
    head.clear();
    append_le(code, &head);
    append_le(bucket_count, &head);
    DAGFS_TRY(write_bytes(head, fd));
    auto bucket = buckets_.lower_bound({.code = code, .digest_size = 0});
    for (; bucket != buckets_.end() && bucket->first.code == code; ++bucket) {
      DAGFS_TRY(write_bucket(bucket->second.width(), &bucket->second, fd));
    }
  }
  return ok_status();
}

Status IndexBuilder::write_bucket(std::uint64_t width, RecordArray* records,
                                  int fd) {
  records->sort();
  has_duplicates_ = has_duplicates_ || records->has_equal_digests();
  Bytes head;
  append_le(static_cast<std::uint32_t>(width), &head);
  // The length in bytes, though the specification says "count": every writer
  // and reader in use means bytes.
  append_le(std::uint64_t{records->bytes().size()}, &head);
  DAGFS_TRY(write_bytes(head, fd));
  return write_bytes(records->bytes(), fd);
}

Status IndexBuilder::write_bytes(ByteView bytes, int fd) {
  DAGFS_TRY_CONTEXT(write_all(fd, bytes), "write index");
  written_ += bytes.size();
  return ok_status();
}

}  // namespace

Result<IndexSummary> build_index(const RandomAccessFile& file,
                                 const CarHeader& header,
                                 ZeroSection zero_section, int index_fd,
                                 const std::atomic<bool>* cancelled) {
  const auto check_cancelled = [cancelled]() -> Status {
    if (cancelled == nullptr || !cancelled->load(std::memory_order_relaxed)) {
      return ok_status();
    }
    return Error(ErrorCode::kUnavailable, "indexing was cancelled");
  };

  SectionReader reader(file, header, zero_section, header.first_section);
  IndexBuilder builder;
  IndexSummary summary;
  while (true) {
    if (summary.section_count % kSectionsBetweenPolls == 0) {
      DAGFS_TRY(check_cancelled());
    }
    const auto section = DAGFS_TRY(reader.next());
    if (!section) break;
    DAGFS_TRY(builder.add(*section));
    ++summary.section_count;
    summary.block_bytes += section->block.size;
  }
  DAGFS_TRY(check_cancelled());
  DAGFS_TRY(builder.write(index_fd));
  summary.data_end = reader.position();
  summary.index_size = builder.written();
  summary.has_duplicates = builder.has_duplicates();
  return summary;
}

}  // namespace dagfs::car
