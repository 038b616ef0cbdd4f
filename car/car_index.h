// SPDX-License-Identifier: Apache-2.0 OR MIT

// CARv2 indices, looked up where they lie. docs/formats/index.md has the bytes.

#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/ipld/multihash.h"
#include "car/limits.h"

namespace dagfs::car {

// Codecs of the multicodec table.
enum class IndexCodec : std::uint64_t {
  kIndexSorted = 0x0400,           // Digests and offsets only.
  kMultihashIndexSorted = 0x0401,  // With the hash function of each.
};

struct IndexEntry {
  std::uint64_t position = 0;  // Of the section, in the CAR's payload.
  std::uint64_t ordinal = 0;   // Of the entry, counted over the whole index.
};

// Nearly always one; never an allocation.
using IndexEntries = boost::container::static_vector<IndexEntry, kCopiesMax>;

// A run of entries of one width, each a digest and then the position as 8
// bytes, little-endian; ascending by digest in a valid index.
struct IndexBucket {
  std::uint64_t code = 0;  // Of the hash function; 0 in an IndexSorted.
  std::uint64_t width = 0;
  ByteRange entries;  // In the file.
  std::uint64_t first_ordinal = 0;

  std::uint64_t digest_size() const { return width - sizeof(std::uint64_t); }
  std::uint64_t count() const { return entries.size / width; }
};

// An index in a file, opened but not loaded: memory does not grow with it.
// Safe for use from many threads at once.
class CarIndex {
 public:
  // `range` is where codec and body lie in `file`; bytes after the body are
  // ignored, for a piece may be padded. Every count, width and length is
  // checked against it. kCorrupt, kUnsupported (another codec).
  static Result<std::unique_ptr<CarIndex>> open(
      std::shared_ptr<const RandomAccessFile> file, ByteRange range);

  IndexCodec codec() const { return codec_; }
  std::uint64_t entry_count() const { return entry_count_; }
  // Bytes of codec and body.
  std::uint64_t size() const { return size_; }
  // In the order of the file.
  std::span<const IndexBucket> buckets() const { return buckets_; }
  const RandomAccessFile& file() const { return *file_; }

  // The entries under `multihash`, at most kCopiesMax, in the order of the
  // index (those that build_index wrote: ascending position). Empty: not in
  // it. An IndexSorted does not know hash functions: the caller compares what
  // is at the position. What an unsorted index holds may not be found. kIo.
  Result<IndexEntries> find(const Multihash& multihash) const;

  // Visits every entry in order; stops early when `visit` answers an Error and
  // answers it. The code is kIdentity throughout for an IndexSorted. The
  // digest is valid during the visit only.
  using Visitor = std::function<Status(const Multihash&, const IndexEntry&)>;
  Status for_each(const Visitor& visit) const;

 private:
  CarIndex(std::shared_ptr<const RandomAccessFile> file, IndexCodec codec)
      : file_(std::move(file)), codec_(codec) {}

  const IndexBucket* find_bucket(const Multihash& multihash) const;

  std::shared_ptr<const RandomAccessFile> file_;
  IndexCodec codec_;
  std::vector<IndexBucket> buckets_;
  std::uint64_t entry_count_ = 0;
  std::uint64_t size_ = 0;
};

// Reads the entries of one bucket in order. One thread at a time; `file` must
// outlive it.
class IndexCursor {
 public:
  IndexCursor(const RandomAccessFile& file, const IndexBucket& bucket)
      : file_(&file), bucket_(bucket) {}

  // The next entry's bytes, valid until the next call; empty at the end.
  // kCorrupt (the file is shorter now), kIo.
  Result<ByteView> next();

 private:
  Status read_window();

  const RandomAccessFile* file_;
  IndexBucket bucket_;
  std::uint64_t read_ = 0;  // Bytes of the bucket read so far.
  Bytes window_;
  ByteView rest_;  // Of window_, not given out yet.
};

}  // namespace dagfs::car
