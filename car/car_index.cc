// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_index.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "car/base/endian.h"
#include "car/index_search.h"
#include "car/ipld/varint.h"
#include "car/limits.h"
#include "car/record_array.h"

namespace dagfs::car {
namespace {

constexpr std::uint64_t kCursorWindow = std::uint64_t{64} << 10;

// Reads the heads that stand between the entries, one after the other.
class HeadReader {
 public:
  HeadReader(const RandomAccessFile& file, ByteRange range)
      : file_(file), offset_(range.offset), end_(range.offset + range.size) {}

  std::uint64_t offset() const { return offset_; }
  std::uint64_t remaining() const { return end_ - offset_; }
  void skip(std::uint64_t size) { offset_ += size; }

  Error corrupt(const std::string& what) const {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("index at {}: {}", offset_, what));
  }

  Result<IndexCodec> read_codec() {
    std::array<std::byte, kVarintSizeMax> bytes = {};
    const std::size_t size = std::min<std::uint64_t>(bytes.size(), remaining());
    DAGFS_TRY(file_.read_at(offset_, std::span(bytes).first(size)));
    ByteView rest = ByteView(bytes).first(size);
    const auto codec = read_varint(&rest);
    if (!codec.ok()) return corrupt(codec.error().message());
    if (*codec != static_cast<std::uint64_t>(IndexCodec::kIndexSorted) &&
        *codec !=
            static_cast<std::uint64_t>(IndexCodec::kMultihashIndexSorted)) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("index at {}: codec {:#06x} is not known",
                               offset_, *codec));
    }
    offset_ += size - rest.size();
    return static_cast<IndexCodec>(*codec);
  }

  template <typename T>
  Result<T> read_number(std::string_view what) {
    std::array<std::byte, sizeof(T)> bytes = {};
    if (remaining() < bytes.size()) {
      return corrupt(fmt::format("cut short before {}", what));
    }
    DAGFS_TRY(file_.read_at(offset_, bytes));
    offset_ += bytes.size();
    return load_le<T>(bytes.data());
  }

  Result<std::uint64_t> read_count(std::string_view what) {
    const auto count = DAGFS_TRY(read_number<std::int32_t>(what));
    if (count < 0 || static_cast<std::uint64_t>(count) > kIndexBucketsMax) {
      return corrupt(fmt::format("{} is {}, at most {} are read", what, count,
                                 kIndexBucketsMax));
    }
    return static_cast<std::uint64_t>(count);
  }

 private:
  const RandomAccessFile& file_;
  std::uint64_t offset_;
  std::uint64_t end_;
};

// One "width, length, entries"; moves past the entries without reading them.
Result<IndexBucket> read_bucket(HeadReader* reader, std::uint64_t code) {
  const auto width = DAGFS_TRY(reader->read_number<std::uint32_t>("a width"));
  const auto size =
      DAGFS_TRY(reader->read_number<std::uint64_t>("a bucket's length"));
  if (width < kPositionSize || width > kCidSizeMax + kPositionSize) {
    return reader->corrupt(fmt::format("entries of {} bytes", width));
  }
  if (size > reader->remaining()) {
    return reader->corrupt(fmt::format("{} bytes of entries, {} are left", size,
                                       reader->remaining()));
  }
  if (size % width != 0) {
    return reader->corrupt(fmt::format(
        "{} bytes are no whole number of {}-byte entries", size, width));
  }
  const IndexBucket bucket{
      .code = code,
      .width = width,
      .entries = {.offset = reader->offset(), .size = size}};
  reader->skip(size);
  return bucket;
}

Status read_buckets(HeadReader* reader, std::uint64_t code,
                    std::vector<IndexBucket>* buckets) {
  const std::uint64_t count =
      DAGFS_TRY(reader->read_count("the number of widths"));
  if (buckets->size() + count > kIndexBucketsMax) {
    return reader->corrupt(
        fmt::format("more than {} buckets", kIndexBucketsMax));
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    buckets->push_back(DAGFS_TRY(read_bucket(reader, code)));
  }
  return ok_status();
}

}  // namespace

Result<std::unique_ptr<CarIndex>> CarIndex::open(
    std::shared_ptr<const RandomAccessFile> file, ByteRange range) {
  if (range.offset > file->size() || range.size > file->size() - range.offset) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("index of {} bytes at {} runs past the file's end "
                             "at {}",
                             range.size, range.offset, file->size()));
  }
  HeadReader reader(*file, range);
  const IndexCodec codec = DAGFS_TRY(reader.read_codec());
  std::unique_ptr<CarIndex> index(new CarIndex(file, codec));
  if (codec == IndexCodec::kIndexSorted) {
    DAGFS_TRY(read_buckets(&reader, 0, &index->buckets_));
  } else {
    const std::uint64_t count =
        DAGFS_TRY(reader.read_count("the number of hash functions"));
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto code =
          DAGFS_TRY(reader.read_number<std::uint64_t>("a hash function"));
      DAGFS_TRY(read_buckets(&reader, code, &index->buckets_));
    }
  }
  for (IndexBucket& bucket : index->buckets_) {
    bucket.first_ordinal = index->entry_count_;
    index->entry_count_ += bucket.count();
  }
  index->size_ = reader.offset() - range.offset;
  return index;
}

const IndexBucket* CarIndex::find_bucket(const Multihash& multihash) const {
  const auto code = codec_ == IndexCodec::kIndexSorted
                        ? std::uint64_t{0}
                        : static_cast<std::uint64_t>(multihash.code);
  const auto key = std::pair(code, multihash.digest.size() + kPositionSize);
  const auto found = std::ranges::lower_bound(
      buckets_, key, {}, [](const IndexBucket& bucket) {
        return std::pair(bucket.code, bucket.width);
      });
  if (found == buckets_.end() || found->code != key.first ||
      found->width != key.second) {
    return nullptr;
  }
  return &*found;
}

Result<IndexEntries> CarIndex::find(const Multihash& multihash) const {
  const IndexBucket* bucket = find_bucket(multihash);
  if (bucket == nullptr) return IndexEntries();
  BucketSearch search(*file_, *bucket, multihash.digest);
  return search.run();
}

Status CarIndex::for_each(const Visitor& visit) const {
  for (const IndexBucket& bucket : buckets_) {
    IndexCursor cursor(*file_, bucket);
    IndexEntry entry;
    entry.ordinal = bucket.first_ordinal;
    while (true) {
      const ByteView record = DAGFS_TRY(cursor.next());
      if (record.empty()) break;
      const Multihash multihash{.code = static_cast<HashCode>(bucket.code),
                                .digest = record.first(bucket.digest_size())};
      entry.position =
          load_le<std::uint64_t>(record.data() + bucket.digest_size());
      DAGFS_TRY(visit(multihash, entry));
      ++entry.ordinal;
    }
  }
  return ok_status();
}

Result<ByteView> IndexCursor::next() {
  if (rest_.empty()) {
    if (read_ == bucket_.entries.size) return ByteView();
    DAGFS_TRY(read_window());
  }
  const ByteView record = rest_.first(bucket_.width);
  rest_ = rest_.subspan(bucket_.width);
  return record;
}

Status IndexCursor::read_window() {
  const std::uint64_t whole = kCursorWindow / bucket_.width * bucket_.width;
  window_.resize(std::min(whole, bucket_.entries.size - read_));
  DAGFS_TRY_CONTEXT(file_->read_at(bucket_.entries.offset + read_, window_),
                    "read index");
  read_ += window_.size();
  rest_ = window_;
  return ok_status();
}

}  // namespace dagfs::car
