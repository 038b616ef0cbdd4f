// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/section_table.h"

#include <fmt/core.h>
#include <sodium/crypto_shorthash.h>
#include <sodium/randombytes.h>

#include <algorithm>
#include <limits>

namespace dagfs::car {
namespace {

static_assert(crypto_shorthash_KEYBYTES == 16);

// A place is 32 bits, of which 0 says that there is none.
constexpr std::uint64_t kRecordsMax =
    std::numeric_limits<std::uint32_t>::max() - 1;

// Linear probing looks at 3 slots on average at this load, at 13 at nine
// tenths.
constexpr std::size_t kLoadNumerator = 4;
constexpr std::size_t kLoadDenominator = 5;

constexpr std::size_t kSlotsMin = 64;

// The half that is kept; the product with the table's size picks the slot.
std::uint32_t kept_half(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

bool is_digest_of(const RecordArray& records, std::uint64_t index,
                  ByteView digest) {
  return as_text(records.digest(index)) == as_text(digest);
}

SectionOffsets find_in_sorted(const RecordArray& records, ByteView digest) {
  std::uint64_t low = 0;
  std::uint64_t high = records.count();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (as_text(records.digest(middle)) < as_text(digest)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  SectionOffsets offsets;
  while (low < records.count() && offsets.size() < offsets.capacity() &&
         is_digest_of(records, low, digest)) {
    offsets.push_back(records.position(low++));
  }
  return offsets;
}

}  // namespace

void DigestTable::add(const RecordArray& records, std::uint64_t hash,
                      std::uint64_t index) {
  if ((count_ + 1) * kLoadDenominator > slots_.size() * kLoadNumerator) grow();
  const std::uint32_t half = kept_half(hash);
  const ByteView digest = records.digest(index);
  std::size_t copies = 0;
  for (std::size_t at = first_slot(half); slots_[at].place != 0;
       at = at + 1 == slots_.size() ? 0 : at + 1) {
    if (slots_[at].hash != half) continue;
    if (!is_digest_of(records, slots_[at].place - 1, digest)) continue;
    if (++copies == kCopiesMax) return;
  }
  insert({.hash = half, .place = static_cast<std::uint32_t>(index + 1)});
  ++count_;
}

SectionOffsets DigestTable::find(const RecordArray& records, std::uint64_t hash,
                                 ByteView digest) const {
  SectionOffsets offsets;
  if (slots_.empty()) return offsets;
  const std::uint32_t half = kept_half(hash);
  for (std::size_t at = first_slot(half); slots_[at].place != 0;
       at = at + 1 == slots_.size() ? 0 : at + 1) {
    if (slots_[at].hash != half) continue;
    const std::uint64_t index = slots_[at].place - 1;
    if (!is_digest_of(records, index, digest)) continue;
    offsets.push_back(records.position(index));
  }
  std::ranges::sort(offsets);
  return offsets;
}

// By half, which keeps between 53 and 80 of 100 slots in use; the kept halves
// of the hashes are enough to move them.
void DigestTable::grow() {
  std::vector<Slot> old(std::max(kSlotsMin, slots_.size() / 2 * 3));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.place != 0) insert(slot);
  }
}

void DigestTable::insert(Slot slot) {
  std::size_t at = first_slot(slot.hash);
  while (slots_[at].place != 0) at = at + 1 == slots_.size() ? 0 : at + 1;
  slots_[at] = slot;
}

SectionTable::SectionTable() {
  randombytes_buf(hash_key_.data(), hash_key_.size());
}

Status SectionTable::reserve(const Multihash& multihash) {
  const RecordArray* bucket =
      records_.find_bucket(IndexBucketKey::of(multihash));
  if (bucket != nullptr && bucket->count() >= kRecordsMax) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("more than {} sections", kRecordsMax));
  }
  return records_.reserve(multihash);
}

Status SectionTable::add(const Multihash& multihash, std::uint64_t offset) {
  DAGFS_TRY(reserve(multihash));
  if (records_.is_sorted() && records_.count() > 0) rebuild();
  DAGFS_TRY(records_.add(multihash, offset));
  const auto key = IndexBucketKey::of(multihash);
  const RecordArray& bucket = *records_.find_bucket(key);
  tables_[key].add(bucket, hash_of(multihash.digest), bucket.count() - 1);
  return ok_status();
}

SectionOffsets SectionTable::find(const Multihash& multihash) const {
  const auto key = IndexBucketKey::of(multihash);
  const RecordArray* bucket = records_.find_bucket(key);
  if (bucket == nullptr) return {};
  if (records_.is_sorted()) return find_in_sorted(*bucket, multihash.digest);
  const auto table = tables_.find(key);
  if (table == tables_.end()) return {};
  return table->second.find(*bucket, hash_of(multihash.digest),
                            multihash.digest);
}

void SectionTable::sort() {
  tables_.clear();
  records_.sort();
}

void SectionTable::rebuild() {
  records_.for_each_bucket(
      [this](const IndexBucketKey& key, const RecordArray& bucket) {
        DigestTable& table = tables_[key];
        for (std::uint64_t i = 0; i < bucket.count(); ++i) {
          table.add(bucket, hash_of(bucket.digest(i)), i);
        }
      });
}

std::uint64_t SectionTable::hash_of(ByteView digest) const {
  std::uint64_t hash = 0;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                   reinterpret_cast<const unsigned char*>(digest.data()),
                   digest.size(), hash_key_.data());
  return hash;
}

}  // namespace dagfs::car
