// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/read_only_blockstore.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <cstring>
#include <optional>
#include <utility>

#include "car/block_hasher.h"
#include "car/car_reader.h"
#include "car/ipld/sha256_many.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// Head and block in one system call where blocks are small. Where they are not,
// the head costs one of its own; reading more of cold memory would cost more.
constexpr std::size_t kFirstRead = 512;

Error not_found(const Cid& cid) {
  return Error(ErrorCode::kNotFound,
               fmt::format("block {} is not in the CAR", cid.to_string()));
}

std::string block_at(const Cid& cid, std::uint64_t offset) {
  return fmt::format("block {} at {}", cid.to_string(), offset);
}

// Of a block known to be bad, whose section begins at `offset`.
Error bad_block(const Cid& cid, std::uint64_t offset) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("block {} in the section at {}: does not hash to "
                           "its CID",
                           cid.to_string(), offset));
}

}  // namespace

// A block that this thread is hashing. Unless finished, it is given back for
// others to try.
class ReadOnlyBlockstore::Claim {
 public:
  Claim(BlockStates* states, std::uint64_t ordinal)
      : states_(states), ordinal_(ordinal) {}
  Claim(Claim&& other) noexcept
      : states_(std::exchange(other.states_, nullptr)),
        ordinal_(other.ordinal_) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  Claim& operator=(Claim&&) = delete;
  ~Claim() { finish(BlockState::kUnknown); }

  void finish(BlockState state) {
    if (states_ == nullptr) return;
    std::exchange(states_, nullptr)->finish(ordinal_, state);
  }

 private:
  BlockStates* states_;
  std::uint64_t ordinal_;
};

// Blocks that this thread has claimed, to be hashed together.
class ReadOnlyBlockstore::Batch {
 public:
  bool is_full() const { return locations_.size() == sha256_lanes(); }

  void add(const BlockLocation& location, BlockStates* states) {
    locations_.push_back(location);
    claims_.emplace_back(states, location.ordinal);
  }

  // Hashes them and notes what came of it, of each; the first Error.
  Status verify(const RandomAccessFile& file) {
    if (locations_.empty()) return ok_status();
    Status first = ok_status();
    auto verdicts = verify_blocks(file, {locations_.data(), locations_.size()});
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      claims_[i].finish(verdicts[i].state);
      if (first.ok()) first = std::move(verdicts[i].status);
    }
    locations_.clear();
    claims_.clear();
    return first;
  }

 private:
  boost::container::static_vector<BlockLocation, kSha256LanesMax> locations_;
  boost::container::static_vector<Claim, kSha256LanesMax> claims_;
};

ReadOnlyBlockstore::ReadOnlyBlockstore(
    std::shared_ptr<const RandomAccessFile> file, CarHeader header,
    std::shared_ptr<const CarIndex> index)
    : file_(std::move(file)),
      header_(std::move(header)),
      index_(std::move(index)),
      states_(index_->entry_count()) {}

Result<Block> ReadOnlyBlockstore::get(const Cid& cid) const {
  const Multihash multihash = cid.multihash();
  if (cid.is_identity()) {
    return std::make_shared<const Bytes>(multihash.digest.begin(),
                                         multihash.digest.end());
  }
  std::optional<Error> failure;
  const IndexEntries entries = DAGFS_TRY(entries_of(cid));
  for (const IndexEntry& entry : entries) {
    const std::uint64_t offset = header_.payload.offset + entry.position;
    if (states_.get(entry.ordinal) == BlockState::kBad) {
      if (!failure) failure = bad_block(cid, offset);
      continue;
    }
    auto block = read_block(cid, entry);
    if (block.ok() || block.error().code() != ErrorCode::kCorrupt) return block;
    if (!failure) failure = std::move(block).error();
  }
  return *std::move(failure);
}

Result<BlockLocation> ReadOnlyBlockstore::locate(const Cid& cid) const {
  if (cid.is_identity()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("block {} is inside its CID", cid.to_string()));
  }
  const IndexEntries entries = DAGFS_TRY(entries_of(cid));
  std::optional<Error> failure;
  for (const IndexEntry& entry : entries) {
    const std::uint64_t offset = header_.payload.offset + entry.position;
    if (states_.get(entry.ordinal) == BlockState::kBad) {
      if (!failure) failure = bad_block(cid, offset);
      continue;
    }
    auto head = read_head(cid.multihash(), entry);
    if (!head.ok()) {
      if (head.error().code() != ErrorCode::kCorrupt) {
        return std::move(head).error();
      }
      if (!failure) failure = std::move(head).error();
      continue;
    }
    if (entries.size() == 1) return head->location;
    Status verdict = verify({&head->location, 1});
    if (verdict.ok() || verdict.error().code() == ErrorCode::kUnsupported) {
      return head->location;
    }
    if (verdict.error().code() != ErrorCode::kCorrupt) {
      return std::move(verdict).error();
    }
    if (!failure) failure = std::move(verdict).error();
  }
  return *std::move(failure);
}

Result<std::vector<StoredBlock>> ReadOnlyBlockstore::find(
    const Cid& cid) const {
  std::vector<StoredBlock> blocks;
  const IndexEntries entries = DAGFS_TRY(index_->find(cid.multihash()));
  for (const IndexEntry& entry : entries) {
    blocks.push_back(DAGFS_TRY(read_head(cid.multihash(), entry)));
  }
  const auto rank = [&](const StoredBlock& block) {
    const auto state = states_.get(block.location.ordinal);
    return std::pair(state == BlockState::kBad, block.cid != cid);
  };
  std::ranges::stable_sort(blocks, {}, rank);
  return blocks;
}

bool ReadOnlyBlockstore::is_verified(const BlockLocation& location) const {
  return location.ordinal < index_->entry_count() &&
         states_.get(location.ordinal) == BlockState::kVerified;
}

// At least one; kNotFound.
Result<IndexEntries> ReadOnlyBlockstore::entries_of(const Cid& cid) const {
  IndexEntries entries = DAGFS_TRY(index_->find(cid.multihash()));
  if (entries.empty()) return not_found(cid);
  return entries;
}

// Reads `first_size` bytes of the section that `entry` points at, more where
// its CID is uncommonly long, and parses its head, which must have `multihash`.
Result<ReadOnlyBlockstore::SectionStart> ReadOnlyBlockstore::read_start(
    const Multihash& multihash, const IndexEntry& entry, std::size_t first_size,
    SectionStartBuffer* buffer) const {
  const std::uint64_t offset = header_.payload.offset + entry.position;
  if (entry.position >= header_.payload.size) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("index points at {}, past the payload", offset));
  }
  const std::uint64_t remaining = header_.payload.size - entry.position;
  const auto read = [&](std::size_t wanted) -> Result<SectionStart> {
    const std::span<std::byte> bytes =
        std::span(*buffer).first(std::min<std::uint64_t>(remaining, wanted));
    DAGFS_TRY(file_->read_at(offset, bytes));
    const SectionHead head = DAGFS_TRY(parse_section_head(bytes, remaining));
    return SectionStart{.offset = offset, .head = head, .bytes = bytes};
  };
  auto start = read(first_size);
  if (!start.ok() && first_size < remaining) start = read(buffer->size());
  if (!start.ok()) {
    return std::move(start).error().context(
        fmt::format("index points at {}", offset));
  }
  DAGFS_TRY(check_head(multihash, start->head.cid, offset));
  return start;
}

Result<StoredBlock> ReadOnlyBlockstore::read_head(
    const Multihash& multihash, const IndexEntry& entry) const {
  constexpr std::size_t kUsualSize = 128;
  SectionStartBuffer buffer;
  const SectionStart start =
      DAGFS_TRY(read_start(multihash, entry, kUsualSize, &buffer));
  return StoredBlock{
      .cid = start.head.cid.to_cid(),
      .location = {.offset = start.offset + start.head.size,
                   .size = start.head.block_size,
                   .ordinal = entry.ordinal,
                   .head_size = static_cast<std::uint32_t>(start.head.size)}};
}

Status ReadOnlyBlockstore::check_head(const Multihash& expected,
                                      const CidView& found,
                                      std::uint64_t offset) const {
  if (found.multihash == expected) return ok_status();
  return Error(
      ErrorCode::kCorrupt,
      fmt::format("index points at {} for {} {}, there is block {}", offset,
                  name_of(expected.code), to_hex(expected.digest),
                  found.to_cid().to_string()));
}

Result<Block> ReadOnlyBlockstore::read_block(const Cid& cid,
                                             const IndexEntry& entry) const {
  const Multihash multihash = cid.multihash();
  SectionStartBuffer buffer;
  const SectionStart start = DAGFS_TRY_CONTEXT(
      read_start(multihash, entry, kFirstRead, &buffer), cid.to_string());
  const std::uint64_t offset = start.offset + start.head.size;
  const ByteView rest = start.bytes.subspan(start.head.size);
  const ByteView at_hand =
      rest.first(std::min<std::uint64_t>(rest.size(), start.head.block_size));

  Bytes block;
  block.reserve(start.head.block_size);
  block.insert(block.end(), at_hand.begin(), at_hand.end());
  block.resize(start.head.block_size);
  DAGFS_TRY_CONTEXT(file_->read_at(offset + at_hand.size(),
                                   std::span(block).subspan(at_hand.size())),
                    block_at(cid, offset));
  if (states_.get(entry.ordinal) != BlockState::kVerified) {
    const Status verdict = verify_bytes(multihash, block);
    if (!verdict.ok()) {
      if (verdict.error().code() == ErrorCode::kCorrupt) {
        states_.note(entry.ordinal, BlockState::kBad);
      }
      return Error(verdict.error()).context(block_at(cid, offset));
    }
    states_.note(entry.ordinal, BlockState::kVerified);
  }
  return std::make_shared<const Bytes>(std::move(block));
}

Status ReadOnlyBlockstore::verify(
    std::span<const BlockLocation> locations) const {
  Batch batch;
  boost::container::small_vector<const BlockLocation*, 16> busy;
  for (const BlockLocation& location : locations) {
    DAGFS_TRY(check_location(location));
    switch (states_.claim(location.ordinal)) {
      case BlockState::kVerified: continue;
      case BlockState::kBad: return known_bad(location);
      case BlockState::kClaimed: busy.push_back(&location); continue;
      case BlockState::kUnknown: break;
    }
    batch.add(location, &states_);
    if (batch.is_full()) DAGFS_TRY(batch.verify(*file_));
  }
  DAGFS_TRY(batch.verify(*file_));
  // Only now, without a claim of our own, is it safe to wait for others.
  for (const BlockLocation* location : busy) {
    DAGFS_TRY(verify_waiting(*location));
  }
  return ok_status();
}

void ReadOnlyBlockstore::verify_early(
    std::span<const BlockLocation> locations) const {
  Batch batch;
  for (const BlockLocation& location : locations) {
    if (!check_location(location).ok()) continue;
    if (states_.claim(location.ordinal) != BlockState::kUnknown) continue;
    batch.add(location, &states_);
    if (batch.is_full()) (void)batch.verify(*file_);
  }
  (void)batch.verify(*file_);
}

Status ReadOnlyBlockstore::check_location(const BlockLocation& location) const {
  const bool known =
      location.ordinal < index_->entry_count() &&
      location.head_size <= kSectionHeadSizeMax &&
      location.offset >= header_.payload.offset + location.head_size &&
      location.size <= kBlockSizeMax;
  if (known) return ok_status();
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("no block of this CAR: {} bytes at {}",
                           location.size, location.offset));
}

// For a block that another thread had claimed. That thread may have failed to
// read it and have given it back; then it is our turn.
Status ReadOnlyBlockstore::verify_waiting(const BlockLocation& location) const {
  while (true) {
    switch (states_.wait(location.ordinal)) {
      case BlockState::kVerified: return ok_status();
      case BlockState::kBad: return known_bad(location);
      case BlockState::kClaimed:
      case BlockState::kUnknown: break;
    }
    if (states_.claim(location.ordinal) != BlockState::kUnknown) continue;
    Batch batch;
    batch.add(location, &states_);
    return batch.verify(*file_);
  }
}

// Reads the CID again, for a message that names it.
Error ReadOnlyBlockstore::known_bad(const BlockLocation& location) const {
  std::array<std::byte, kSectionHeadSizeMax> bytes;
  const std::span<std::byte> head_bytes =
      std::span(bytes).first(location.head_size);
  Status status =
      file_->read_at(location.offset - location.head_size, head_bytes);
  if (!status.ok()) return std::move(status).error();
  auto head =
      parse_section_head(head_bytes, location.head_size + location.size);
  if (!head.ok()) return std::move(head).error();
  return bad_block(head->cid.to_cid(), location.offset - location.head_size);
}

}  // namespace dagfs::car
