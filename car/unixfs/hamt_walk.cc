// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/hamt_walk.h"

#include <fmt/core.h>

#include <bit>
#include <utility>

#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

constexpr unsigned kFaultBit = 61;
constexpr std::uint64_t kFaultFlag = std::uint64_t{1} << kFaultBit;
static_assert(kFaultFlag < kDirectoryCookieEnd);

unsigned width_of(std::size_t value) {
  return static_cast<unsigned>(std::bit_width(value));
}

// The `bits` of `cookie` from `bit_at` on.
std::size_t index_in(std::uint64_t cookie, unsigned bit_at, unsigned bits) {
  return (cookie >> bit_at) & ((std::uint64_t{1} << bits) - 1);
}

}  // namespace

HamtWalk::HamtWalk(DirectoryNodePtr root, Loader load, Budget budget,
                   std::uint64_t cookie)
    : load_(std::move(load)),
      budget_(budget),
      has_fault_((cookie & kFaultFlag) != 0) {
  cookie &= kFaultFlag - 1;
  // One more than the root's last index stands for the end.
  const unsigned bits = width_of(root->entry_count());
  frames_.push_back({.node = std::move(root),
                     .index = index_in(cookie, 0, bits),
                     .bits = bits});
  for (std::size_t depth = 0; depth != frames_.size();) {
    depth = frames_.size();
    const Frame& frame = frames_.back();
    if (frame.index < frame.node->entry_count() &&
        frame.node->is_sub_shard(frame.index)) {
      enter(cookie);
    }
  }
}

Result<bool> HamtWalk::settle() {
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    if (frame.index >= frame.node->entry_count()) {
      frames_.pop_back();
      if (!frames_.empty()) ++frames_.back().index;
      continue;
    }
    if (!frame.node->is_sub_shard(frame.index)) return true;
    if (shards_visited_ >= kEmptyShardsMax) {
      return Error(ErrorCode::kExhausted,
                   fmt::format("{} directory shards in a row hold no entry",
                               shards_visited_));
    }
    enter(0);
  }
  return false;
}

DirectoryEntry HamtWalk::entry() const {
  const Frame& frame = frames_.back();
  return {.name = frame.node->name(frame.index),
          .cid = frame.node->cid(frame.index),
          .next_cookie = next_cookie()};
}

void HamtWalk::advance() {
  ++frames_.back().index;
  if (budget_ == Budget::kPerEntry) shards_visited_ = 0;
}

void HamtWalk::enter(std::uint64_t cookie) {
  ++shards_visited_;
  const Frame& parent = frames_.back();
  const auto cid =
      Cid::from_bytes(parent.node->cid(parent.index).bytes).value();
  if (frames_.size() > kHamtDepthMax) {
    return pass_over(Error(ErrorCode::kExhausted,
                           fmt::format("directory shard {} is more than {} "
                                       "shards deep",
                                       cid.to_string(), kHamtDepthMax)));
  }
  auto loaded = load_(cid);
  if (!loaded.ok()) return pass_over(std::move(loaded).error());
  DirectoryNodePtr node = std::move(loaded).value();
  if (node == nullptr) {  // No shard: nobody's entries.
    ++frames_.back().index;
    return;
  }
  const std::size_t count = node->entry_count();
  Frame child{
      .above = parent.above | (std::uint64_t{parent.index} << parent.bit_at),
      .bit_at = parent.bit_at + parent.bits,
      .bits = count == 0 ? 0 : width_of(count - 1)};
  if (child.bit_at + child.bits > kFaultBit) {
    return pass_over(Error(ErrorCode::kExhausted,
                           fmt::format("directory shard {} lies too deep for "
                                       "a place in the listing",
                                       cid.to_string())));
  }
  child.node = std::move(node);
  child.index = index_in(cookie, child.bit_at, child.bits);
  frames_.push_back(std::move(child));
}

void HamtWalk::pass_over(Error error) {
  has_fault_ = true;
  if (!fault_) fault_ = std::move(error);
  ++frames_.back().index;
}

// The place after this entry: the next in the deepest shard that has one.
std::uint64_t HamtWalk::next_cookie() const {
  std::size_t depth = frames_.size() - 1;
  while (depth > 0 &&
         frames_[depth].index + 1 >= frames_[depth].node->entry_count()) {
    --depth;
  }
  const Frame& frame = frames_[depth];
  const std::uint64_t path =
      frame.above | ((std::uint64_t{frame.index} + 1) << frame.bit_at);
  return path | (has_fault_ ? kFaultFlag : 0);
}

}  // namespace dagfs::car
