// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/section_scanner.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "car/ipld/multihash.h"
#include "car/ipld/sha256_many.h"

namespace dagfs::car {
namespace {

// Several of the usual largest blocks, so that what is moved to the front
// when a window ends inside a section is a small part, and one for each lane;
// and fits the processor's last cache, as hashing reads it a second time.
std::size_t window_size_usual() {
  constexpr std::size_t kMin = std::size_t{4} << 20;
  constexpr std::size_t kUsualSectionSize = (std::size_t{1} << 20) + 128;
  return std::max(kMin, sha256_lanes() * kUsualSectionSize);
}
constexpr std::size_t kWindowSizeMin = std::size_t{64} << 10;  // Small files.

// Sections that wait to be hashed; what is noted of them is small beside them.
constexpr std::size_t kPendingMax = 1024;

bool is_incomplete(ByteView bytes, std::uint64_t remaining) {
  return bytes.size() < std::min<std::uint64_t>(remaining, kSectionHeadSizeMax);
}

}  // namespace

SectionScanner::SectionScanner(ReadAt read, const Options& options,
                               Visitor visitor)
    : read_(std::move(read)),
      options_(options),
      visitor_(std::move(visitor)),
      position_(options.position),
      window_offset_(options.payload_offset + options.position) {}

Status SectionScanner::advance(std::uint64_t available,
                               std::uint64_t payload_end) {
  const std::uint64_t limit = std::min(available, payload_end);
  while (true) {
    DAGFS_TRY(scan_window(payload_end));
    if (filled() >= limit) return ok_status();
    DAGFS_TRY(fill(limit));
  }
}

// All whole sections of the window.
Status SectionScanner::scan_window(std::uint64_t payload_end) {
  while (!in_padding_) {
    auto candidate = next(payload_end);
    if (!candidate.ok()) {
      // What stands before the fault comes first.
      DAGFS_TRY(settle_pending());
      return std::move(candidate).error();
    }
    if (!candidate->has_value()) break;
    pending_.push_back(std::move(**candidate));
    if (pending_.size() == kPendingMax) DAGFS_TRY(settle_pending());
  }
  DAGFS_TRY(settle_pending());
  return in_padding_ ? check_zeros() : ok_status();
}

// The next section if the window has all of it.
Result<std::optional<SectionScanner::Candidate>> SectionScanner::next(
    std::uint64_t payload_end) {
  const ByteView bytes = ByteView(buffer_.get(), window_size_).subspan(walked_);
  const std::uint64_t offset = window_offset_ + walked_;
  const std::uint64_t remaining = payload_end - offset;
  wanted_ = 0;
  if (bytes.empty()) return std::optional<Candidate>();
  if (bytes.front() == std::byte{0} &&
      options_.zero_section == ZeroSection::kEndsData) {
    in_padding_ = true;
    return std::optional<Candidate>();
  }

  const auto head = parse_section_head(bytes, remaining);
  if (!head.ok()) {
    if (is_incomplete(bytes, remaining)) return std::optional<Candidate>();
    return Error(head.error()).context(fmt::format("section at {}", offset));
  }
  const std::uint64_t size = head->size + head->block_size;
  wanted_ = size;
  if (size > bytes.size()) return std::optional<Candidate>();
  walked_ += size;
  return std::optional<Candidate>(
      {.section = {.position = offset - options_.payload_offset,
                   .size = size,
                   .cid = head->cid,
                   .block = {.offset = offset + head->size,
                             .size = head->block_size}},
       .bytes = bytes.subspan(head->size, head->block_size)});
}

Status SectionScanner::settle(const Candidate& candidate, Status verdict) {
  const Section& section = candidate.section;
  const bool passes =
      verdict.ok() || (verdict.error().code() == ErrorCode::kUnsupported &&
                       options_.unverifiable == Unverifiable::kPasses);
  if (!passes) {
    return std::move(verdict).error().context(fmt::format(
        "section at {}: block {}", options_.payload_offset + section.position,
        section.cid.to_cid().to_string()));
  }
  DAGFS_TRY(visitor_(section, verdict));
  position_ = section.position + section.size;
  return ok_status();
}

Status SectionScanner::settle_pending() {
  std::vector<HashedBytes> blocks;
  for (const Candidate& candidate : pending_) {
    blocks.push_back({candidate.section.cid.multihash, candidate.bytes});
  }
  const std::vector<Candidate> candidates = std::exchange(pending_, {});
  std::vector<Status> verdicts = verify_many(blocks);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    DAGFS_TRY(settle(candidates[i], std::move(verdicts[i])));
  }
  return ok_status();
}

Status SectionScanner::check_zeros() {
  const ByteView bytes = ByteView(buffer_.get(), window_size_).subspan(walked_);
  const auto other = std::ranges::find_if(
      bytes, [](std::byte byte) { return byte != std::byte{0}; });
  if (other != bytes.end()) {
    return Error(
        ErrorCode::kCorrupt,
        fmt::format("the data ends at {} with a section of length 0, but there "
                    "is more at {}",
                    options_.payload_offset + position_,
                    window_offset_ + walked_ +
                        static_cast<std::uint64_t>(other - bytes.begin())));
  }
  walked_ = window_size_;
  return ok_status();
}

// Room for what is there by now, a window at most, but all of a large section
// if that is there. Where a section arrives little by little it doubles, so
// that a length that is a lie costs no memory.
std::size_t SectionScanner::capacity_for(std::size_t kept,
                                         std::uint64_t limit) const {
  const std::uint64_t there = kept + (limit - filled());
  const std::uint64_t usual = window_size_usual();
  std::uint64_t target =
      std::clamp<std::uint64_t>(there, kWindowSizeMin, usual);
  if (wanted_ > target && there >= wanted_) target = wanted_;
  if (kept == capacity_)
    target = std::max(target, std::uint64_t{2} * capacity_);
  // After an uncommonly large section; what is kept is no more than wanted_.
  const bool is_outsized =
      capacity_ > 2 * usual && std::max(wanted_, target) <= usual;
  return capacity_ >= target && !is_outsized ? capacity_ : target;
}

// Moves what is left to the front and reads as much as there is room for.
Status SectionScanner::fill(std::uint64_t limit) {
  const std::size_t kept = window_size_ - walked_;
  const std::size_t capacity = capacity_for(kept, limit);
  if (capacity != capacity_) {
    auto buffer = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (kept > 0) std::memcpy(buffer.get(), buffer_.get() + walked_, kept);
    buffer_ = std::move(buffer);
    capacity_ = capacity;
  } else if (walked_ > 0 && kept > 0) {
    std::memmove(buffer_.get(), buffer_.get() + walked_, kept);
  }
  window_offset_ += walked_;
  window_size_ = kept;
  walked_ = 0;

  const std::size_t size =
      std::min<std::uint64_t>(capacity_ - kept, limit - filled());
  DAGFS_TRY(read_(filled(), {buffer_.get() + kept, size}));
  window_size_ += size;
  return ok_status();
}

}  // namespace dagfs::car
