// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/block_hasher.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/container/static_vector.hpp>
#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "car/car_reader.h"
#include "car/ipld/multihash.h"
#include "car/ipld/sha256_many.h"
#include "car/limits.h"
#include "car/scratch_buffer.h"

namespace dagfs::car {
namespace {

// Read at a time of each block. The slices of all lanes together fit into a
// processor's second cache, so that hashing finds there what reading put there.
constexpr std::size_t kSliceSize = std::size_t{32} << 10;

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHeadRoom =
    (kSectionHeadSizeMax + kCacheLine - 1) / kCacheLine * kCacheLine;

// From one block's slice to the next one's. An odd number of lines: else all
// lanes would compete for the same few lines of the first cache.
constexpr std::size_t kSliceDistance = kHeadRoom + kSliceSize;
static_assert(kSliceDistance / kCacheLine % 2 == 1);
constexpr std::size_t kSlicesSize =
    kSha256LanesMax * kSliceDistance + kCacheLine;

// What is kept of the memory for a block as a whole: most are smaller.
constexpr std::size_t kWholeKept = std::size_t{2} << 20;

// A block on its way.
struct Candidate {
  BlockLocation location;
  std::byte* slice = nullptr;  // Of kSliceSize, after room for the head.
  CidView cid;                 // Views into that room.
  BlockVerdict verdict;

  std::uint64_t section() const { return location.offset - location.head_size; }
  std::size_t first_size() const {
    return std::min<std::uint64_t>(location.size, kSliceSize);
  }

  // It could not be read.
  void fail(Error error) {
    verdict.status =
        std::move(error).context(fmt::format("section at {}", section()));
  }

  // It was read and hashed, and that is what it came to.
  void settle(Status status) {
    if (status.ok()) {
      verdict.state = BlockState::kVerified;
      return;
    }
    if (status.error().code() == ErrorCode::kCorrupt) {
      verdict.state = BlockState::kBad;
    }
    verdict.status = std::move(status).error().context(fmt::format(
        "block {} at {}", cid.to_cid().to_string(), location.offset));
  }
};

template <typename Item>
using Few = boost::container::static_vector<Item, kSha256LanesMax>;

// Reads the section's head, which says what digest the block must have, and
// with it the first slice.
Status read_start(const RandomAccessFile& file, Candidate& candidate) {
  const BlockLocation& location = candidate.location;
  if (location.size > kSliceSize) {
    file.expect_reads({.offset = location.offset, .size = location.size});
  }
  const std::span<std::byte> bytes(candidate.slice - location.head_size,
                                   location.head_size + candidate.first_size());
  DAGFS_TRY(file.read_at(candidate.section(), bytes));
  const SectionHead head =
      DAGFS_TRY(parse_section_head(bytes, location.head_size + location.size));
  if (head.size != location.head_size || head.block_size != location.size) {
    return Error(ErrorCode::kCorrupt, "is not what it was");
  }
  candidate.cid = head.cid;
  return ok_status();
}

// Blocks of sha2-256, slice by slice.
class CandidateSource final : public Sha256Source {
 public:
  CandidateSource(const RandomAccessFile& file,
                  std::span<Candidate* const> candidates)
      : file_(file), candidates_(candidates) {}

  ByteView slice(std::size_t index, std::uint64_t offset) override {
    Candidate& candidate = *candidates_[index];
    const BlockLocation& location = candidate.location;
    const std::span<std::byte> bytes(
        candidate.slice,
        std::min<std::uint64_t>(kSliceSize, location.size - offset));
    if (offset == 0) return bytes;  // Read along with the head.
    Status status = file_.read_at(location.offset + offset, bytes);
    if (status.ok()) return bytes;
    candidate.fail(std::move(status).error());
    return {};
  }

 private:
  const RandomAccessFile& file_;
  std::span<Candidate* const> candidates_;
};

void verify_together(const RandomAccessFile& file,
                     std::span<Candidate* const> candidates) {
  Few<std::uint64_t> sizes;
  for (const Candidate* candidate : candidates) {
    sizes.push_back(candidate->location.size);
  }
  std::array<Sha256Digest, kSha256LanesMax> digests;
  CandidateSource source(file, candidates);
  sha256_many({sizes.data(), sizes.size()}, source,
              std::span(digests).first(sizes.size()));
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = *candidates[i];
    if (!candidate.verdict.status.ok()) continue;
    candidate.settle(verify_digest(candidate.cid.multihash, digests[i]));
  }
}

// A block of another hash function.
void verify_whole(const RandomAccessFile& file, Candidate& candidate) {
  const BlockLocation& location = candidate.location;
  if (location.size == candidate.first_size()) {
    return candidate.settle(
        verify_bytes(candidate.cid.multihash,
                     ByteView(candidate.slice, candidate.first_size())));
  }
  thread_local ScratchBuffer scratch;
  const std::span<std::byte> bytes = scratch.take(location.size);
  Status status = file.read_at(location.offset, bytes);
  if (status.ok()) {
    candidate.settle(verify_bytes(candidate.cid.multihash, bytes));
  } else {
    candidate.fail(std::move(status).error());
  }
  scratch.trim(kWholeKept);
}

std::byte* aligned_slices() {
  thread_local ScratchBuffer scratch;
  const std::span<std::byte> bytes = scratch.take(kSlicesSize);
  void* start = bytes.data();
  std::size_t size = bytes.size();
  return static_cast<std::byte*>(
      std::align(kCacheLine, kSlicesSize - kCacheLine, start, size));
}

}  // namespace

std::vector<BlockVerdict> verify_blocks(
    const RandomAccessFile& file, std::span<const BlockLocation> locations) {
  assert(locations.size() <= kSha256LanesMax);
  std::byte* const slices = aligned_slices();
  Few<Candidate> candidates;
  Few<Candidate*> together;
  Few<Candidate*> others;
  for (const BlockLocation& location : locations) {
    std::byte* const start = slices + candidates.size() * kSliceDistance;
    candidates.push_back(
        Candidate{.location = location, .slice = start + kHeadRoom});
    Candidate& candidate = candidates.back();
    Status status = read_start(file, candidate);
    if (!status.ok()) {
      candidate.fail(std::move(status).error());
    } else {
      const bool is_sha256 =
          candidate.cid.multihash.code == HashCode::kSha2_256;
      (is_sha256 ? together : others).push_back(&candidate);
    }
  }
  verify_together(file, {together.data(), together.size()});
  for (Candidate* candidate : others) verify_whole(file, *candidate);

  std::vector<BlockVerdict> verdicts;
  verdicts.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    verdicts.push_back(std::move(candidate.verdict));
  }
  return verdicts;
}

}  // namespace dagfs::car
