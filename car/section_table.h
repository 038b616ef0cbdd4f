// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where the sections of a growing CAR begin, by multihash.

#pragma once

#include <array>
#include <boost/container/static_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "car/base/result.h"
#include "car/index_records.h"
#include "car/ipld/multihash.h"
#include "car/limits.h"

namespace dagfs::car {

// Ascending by when they were added.
using SectionOffsets =
    boost::container::static_vector<std::uint64_t, kCopiesMax>;

// Finds records of one array by their digest: open addressing, 8 bytes a slot
// (half a hash, and the record's place in the array). Between 10 and 15 bytes
// a record.
class DigestTable {
 public:
  // Notes the record at `index` of `records`, unless kCopiesMax with its digest
  // are noted: pieces may repeat a block a million times, and chains of
  // them would make look-ups crawl. `hash` is that of the digest.
  void add(const RecordArray& records, std::uint64_t hash, std::uint64_t index);

  // Positions of the records with this digest.
  SectionOffsets find(const RecordArray& records, std::uint64_t hash,
                      ByteView digest) const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = 0;  // 1 + index; 0 is an empty slot.
  };

  void grow();
  std::size_t first_slot(std::uint32_t hash) const {
    return static_cast<std::size_t>(std::uint64_t{hash} * slots_.size() >> 32);
  }
  void insert(Slot slot);

  std::vector<Slot> slots_;
  std::size_t count_ = 0;  // Slots in use.
};

// All sections, identity ones included; what the index is made from. One
// thread at a time.
class SectionTable {
 public:
  SectionTable();

  // What add() can fail of: after this the next add() of a multihash of the
  // same kind succeeds. kExhausted: as IndexRecords, or more than 2^32 - 2
  // sections of one kind.
  Status reserve(const Multihash& multihash);

  Status add(const Multihash& multihash, std::uint64_t offset);

  // Sections under `multihash`, the first kCopiesMax of them.
  SectionOffsets find(const Multihash& multihash) const;

  // Sorts the records and drops the tables; find() then searches the records.
  // The next add() makes the tables anew.
  void sort();

  const IndexRecords& records() const { return records_; }

 private:
  std::uint64_t hash_of(ByteView digest) const;
  void rebuild();

  // Of a hash that whoever chooses the blocks cannot foresee.
  std::array<unsigned char, 16> hash_key_ = {};
  IndexRecords records_;
  std::map<IndexBucketKey, DigestTable> tables_;
};

}  // namespace dagfs::car
