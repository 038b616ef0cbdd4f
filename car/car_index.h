// SPDX-License-Identifier: Apache-2.0 OR MIT

// CARv2 indices, looked up where they lie. docs/formats/index.md has the bytes.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/ipld/multihash.h"

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

// An index in a file, opened but not loaded: memory does not grow with it.
// Safe for use from many threads at once.
class CarIndex {
 public:
  // `range` is where codec and body lie in `file`. Every count, width and
  // length is checked against it. kCorrupt, kUnsupported (another codec).
  static Result<std::unique_ptr<CarIndex>> open(
      std::shared_ptr<const RandomAccessFile> file, ByteRange range);

  IndexCodec codec() const;
  std::uint64_t entry_count() const;

  // All entries under `multihash`, in the order of the index (those that
  // build_index wrote: ascending position). Empty: not in it. An IndexSorted
  // does not know hash functions: the caller compares what is at the position.
  // kCorrupt, kIo.
  Result<std::vector<IndexEntry>> find(const Multihash& multihash) const;

  // Visits every entry in order; stops early when `visit` answers an Error and
  // answers it. The code is kIdentity throughout for an IndexSorted.
  using Visitor = std::function<Status(const Multihash&, const IndexEntry&)>;
  Status for_each(const Visitor& visit) const;
};

}  // namespace dagfs::car
