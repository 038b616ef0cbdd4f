// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/fake_block_source.h"

#include <cassert>
#include <memory>

namespace dagfs::tests {
namespace {

constexpr std::size_t kGapSize = 38;  // Length varint and CID of a section.

car::Block block_from(ByteView bytes) {
  return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
}

}  // namespace

void FakeBlockSource::add(std::span<const DagBlock> blocks) {
  for (const DagBlock& block : blocks) add(block.cid, block.bytes);
}

void FakeBlockSource::add(const car::Cid& cid, ByteView bytes) {
  const MutexLock lock(mutex_);
  const auto [place, added] = entries_.try_emplace(key_of(cid));
  Entry& entry = place->second;
  if (!added && entry.block != nullptr) return;
  file_.resize(file_.size() + kGapSize, std::byte{0xee});
  entry.block = block_from(bytes);
  entry.location = {.offset = file_.size(),
                    .size = bytes.size(),
                    .ordinal = entries_.size() - 1};
  file_.insert(file_.end(), bytes.begin(), bytes.end());
}

void FakeBlockSource::lose(const car::Cid& cid) {
  const MutexLock lock(mutex_);
  entries_[key_of(cid)].fault = Fault::kMissing;
}

void FakeBlockSource::corrupt(const car::Cid& cid) {
  const MutexLock lock(mutex_);
  entries_[key_of(cid)].fault = Fault::kCorrupt;
}

void FakeBlockSource::hold(const car::Cid& cid) {
  const MutexLock lock(mutex_);
  entries_[key_of(cid)].held = true;
}

void FakeBlockSource::release(const car::Cid& cid) {
  const MutexLock lock(mutex_);
  entries_[key_of(cid)].held = false;
  changed_.notify_all();
}

void FakeBlockSource::wait_for_waiters(std::size_t count) const {
  const MutexLock lock(mutex_);
  while (waiters_ < count) changed_.wait(mutex_);
}

Bytes FakeBlockSource::read(std::uint64_t offset, std::uint64_t size) const {
  const MutexLock lock(mutex_);
  assert(offset <= file_.size() && size <= file_.size() - offset);
  const ByteView bytes = ByteView(file_).subspan(offset, size);
  return {bytes.begin(), bytes.end()};
}

std::size_t FakeBlockSource::gets() const {
  const MutexLock lock(mutex_);
  return gets_;
}

std::size_t FakeBlockSource::locates() const {
  const MutexLock lock(mutex_);
  return locates_;
}

Result<car::Block> FakeBlockSource::get(const car::Cid& cid) const {
  const MutexLock lock(mutex_);
  ++gets_;
  if (cid.is_identity()) return block_from(cid.multihash().digest);
  const Entry* entry = DAGFS_TRY(find_locked(cid));
  if (entry->held) {
    ++waiters_;
    changed_.notify_all();
    while (entry->held) changed_.wait(mutex_);
    --waiters_;
  }
  if (entry->fault == Fault::kCorrupt) {
    return Error(ErrorCode::kCorrupt,
                 "block " + cid.to_string() + " does not hash to its CID");
  }
  return entry->block;
}

Result<car::BlockLocation> FakeBlockSource::locate(const car::Cid& cid) const {
  const MutexLock lock(mutex_);
  ++locates_;
  if (cid.is_identity()) {
    return Error(ErrorCode::kInvalidArgument, "identity CIDs lie in no file");
  }
  const Entry* entry = DAGFS_TRY(find_locked(cid));
  return entry->location;
}

Bytes FakeBlockSource::key_of(const car::Cid& cid) {
  const ByteView multihash = cid.multihash_bytes();
  return {multihash.begin(), multihash.end()};
}

Result<const FakeBlockSource::Entry*> FakeBlockSource::find_locked(
    const car::Cid& cid) const {
  const auto found = entries_.find(key_of(cid));
  if (found == entries_.end() || found->second.block == nullptr ||
      found->second.fault == Fault::kMissing) {
    return Error(ErrorCode::kNotFound, "no block " + cid.to_string());
  }
  return &found->second;
}

}  // namespace dagfs::tests
