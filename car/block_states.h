// SPDX-License-Identifier: Apache-2.0 OR MIT

// What is known of each block of a CAR: whether it was hashed, and how that
// ended.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace dagfs::car {

enum class BlockState : std::uint32_t {
  kUnknown = 0,   // Nobody has hashed it.
  kClaimed = 1,   // Some thread is at it.
  kVerified = 2,  // Its bytes are those of its CID.
  kBad = 3,       // They are not.
};

// Two bits a block, in chunks that are allocated when first written to: a CAR
// of 4 million blocks costs 1 MB once all of it was read. Safe for use from
// many threads at once.
class BlockStates {
 public:
  explicit BlockStates(std::uint64_t count);
  ~BlockStates();

  BlockStates(const BlockStates&) = delete;
  BlockStates& operator=(const BlockStates&) = delete;

  // `ordinal` is below the count, here and below.
  BlockState get(std::uint64_t ordinal) const;

  // Claims the block if its state is kUnknown; answers the state it had.
  BlockState claim(std::uint64_t ordinal);

  // Ends a claim of the caller's with any other state, and wakes who waits.
  void finish(std::uint64_t ordinal, BlockState state);

  // Notes what was found without a claim, unless something is known already
  // or another thread is at it.
  void note(std::uint64_t ordinal, BlockState state);

  // Returns when the block's state is not kClaimed, and answers it. The caller
  // must hold no claim itself, or two threads could wait for each other.
  BlockState wait(std::uint64_t ordinal) const;

 private:
  // 32-bit words, because that is what the kernel can put a thread to sleep on.
  using Word = std::atomic<std::uint32_t>;

  const Word* find_word(std::uint64_t ordinal) const;
  Word& word(std::uint64_t ordinal);

  std::uint64_t chunk_count_;
  // Set once each, from null to a chunk that lives as long as this.
  std::unique_ptr<std::atomic<Word*>[]> chunks_;
};

}  // namespace dagfs::car
