// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/block_states.h"

namespace dagfs::car {
namespace {

constexpr std::uint64_t kBlocksPerWord = 16;
constexpr std::uint64_t kWordsPerChunk = 1024;  // One page.
constexpr std::uint64_t kBlocksPerChunk = kBlocksPerWord * kWordsPerChunk;
constexpr std::uint32_t kStateMask = 3;

unsigned shift_of(std::uint64_t ordinal) {
  return static_cast<unsigned>(ordinal % kBlocksPerWord * 2);
}

BlockState state_in(std::uint32_t word, std::uint64_t ordinal) {
  return static_cast<BlockState>(word >> shift_of(ordinal) & kStateMask);
}

std::uint32_t with_state(std::uint32_t word, std::uint64_t ordinal,
                         BlockState state) {
  const unsigned shift = shift_of(ordinal);
  return (word & ~(kStateMask << shift)) | static_cast<std::uint32_t>(state)
                                               << shift;
}

}  // namespace

BlockStates::BlockStates(std::uint64_t count)
    : chunk_count_((count + kBlocksPerChunk - 1) / kBlocksPerChunk),
      chunks_(std::make_unique<std::atomic<Word*>[]>(chunk_count_)) {}

BlockStates::~BlockStates() {
  for (std::uint64_t i = 0; i < chunk_count_; ++i) delete[] chunks_[i].load();
}

BlockState BlockStates::get(std::uint64_t ordinal) const {
  const Word* found = find_word(ordinal);
  if (found == nullptr) return BlockState::kUnknown;
  // Acquire: who sees a verdict also sees all that led to it.
  return state_in(found->load(std::memory_order_acquire), ordinal);
}

BlockState BlockStates::claim(std::uint64_t ordinal) {
  Word& target = word(ordinal);
  std::uint32_t seen = target.load(std::memory_order_acquire);
  while (state_in(seen, ordinal) == BlockState::kUnknown) {
    const auto claimed = with_state(seen, ordinal, BlockState::kClaimed);
    if (target.compare_exchange_weak(seen, claimed,
                                     std::memory_order_acq_rel)) {
      return BlockState::kUnknown;
    }
  }
  return state_in(seen, ordinal);
}

void BlockStates::finish(std::uint64_t ordinal, BlockState state) {
  Word& target = word(ordinal);
  std::uint32_t seen = target.load(std::memory_order_acquire);
  while (!target.compare_exchange_weak(seen, with_state(seen, ordinal, state),
                                       std::memory_order_acq_rel)) {
  }
  target.notify_all();
}

void BlockStates::note(std::uint64_t ordinal, BlockState state) {
  if (claim(ordinal) == BlockState::kUnknown) finish(ordinal, state);
}

BlockState BlockStates::wait(std::uint64_t ordinal) const {
  const Word* target = find_word(ordinal);
  if (target == nullptr) return BlockState::kUnknown;
  std::uint32_t seen = target->load(std::memory_order_acquire);
  // Other blocks of the word wake us too; they are looked past.
  while (state_in(seen, ordinal) == BlockState::kClaimed) {
    target->wait(seen, std::memory_order_acquire);
    seen = target->load(std::memory_order_acquire);
  }
  return state_in(seen, ordinal);
}

const BlockStates::Word* BlockStates::find_word(std::uint64_t ordinal) const {
  const Word* chunk =
      chunks_[ordinal / kBlocksPerChunk].load(std::memory_order_acquire);
  if (chunk == nullptr) return nullptr;
  return chunk + ordinal % kBlocksPerChunk / kBlocksPerWord;
}

BlockStates::Word& BlockStates::word(std::uint64_t ordinal) {
  std::atomic<Word*>& slot = chunks_[ordinal / kBlocksPerChunk];
  Word* chunk = slot.load(std::memory_order_acquire);
  if (chunk == nullptr) {
    auto fresh = std::make_unique<Word[]>(kWordsPerChunk);
    // Of two threads that get here the first one's chunk stays.
    if (slot.compare_exchange_strong(chunk, fresh.get(),
                                     std::memory_order_acq_rel)) {
      chunk = fresh.release();
    }
  }
  return chunk[ordinal % kBlocksPerChunk / kBlocksPerWord];
}

}  // namespace dagfs::car
