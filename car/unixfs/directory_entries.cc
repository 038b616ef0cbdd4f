// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/directory_entries.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "car/limits.h"
#include "car/unixfs/hamt.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

// An entry lies in one block: sizes as they are in memory, name, CID.
struct Head {
  std::uint64_t total_size = 0;
  std::uint16_t cid_size = 0;
  std::uint16_t name_size = 0;
};
constexpr std::size_t kHeadSize = 12;  // Without padding.

// The first block is small, for most directories are; the others are large
// enough that what is lost at their ends is nothing.
constexpr std::size_t kFirstArenaSize = std::size_t{4} << 10;
constexpr std::size_t kArenaSize = std::size_t{1} << 20;
static_assert(kFirstArenaSize >= kHeadSize + kNameSizeMax + kCidSizeMax);

void append(ByteView bytes, Bytes* block) {
  block->insert(block->end(), bytes.begin(), bytes.end());
}

template <typename Integer>
void append_integer(Integer value, Bytes* block) {
  append(std::as_bytes(std::span(&value, 1)), block);
}

Head head_at(const std::byte* at) {
  Head head;
  std::memcpy(&head.total_size, at, 8);
  std::memcpy(&head.cid_size, at + 8, 2);
  std::memcpy(&head.name_size, at + 10, 2);
  return head;
}

}  // namespace

void DirectoryEntries::add(std::string_view name, const Cid& cid,
                           std::uint64_t total_size) {
  assert(name.size() <= kNameSizeMax && cid.bytes().size() <= kCidSizeMax);
  const std::size_t size = kHeadSize + name.size() + cid.bytes().size();
  if (blocks_.empty() ||
      blocks_.back().capacity() - blocks_.back().size() < size) {
    const std::size_t capacity = blocks_.empty() ? kFirstArenaSize : kArenaSize;
    blocks_.emplace_back().reserve(capacity);
  }
  Bytes& block = blocks_.back();
  keys_.push_back({.hash = hamt_hash(name),
                   .block = static_cast<std::uint32_t>(blocks_.size() - 1),
                   .offset = static_cast<std::uint32_t>(block.size())});
  append_integer(total_size, &block);
  append_integer(static_cast<std::uint16_t>(cid.bytes().size()), &block);
  append_integer(static_cast<std::uint16_t>(name.size()), &block);
  append(cid.bytes(), &block);
  append(as_bytes(name), &block);
}

DirectoryEntries::Entry DirectoryEntries::entry(const Key& key) const {
  const ByteView block = blocks_[key.block];
  const Head head = head_at(&block[key.offset]);
  const ByteView rest = block.subspan(key.offset + kHeadSize);
  return {.name = as_text(rest.subspan(head.cid_size, head.name_size)),
          .cid = rest.first(head.cid_size),
          .total_size = head.total_size};
}

void DirectoryEntries::sort_by_name() {
  std::ranges::sort(keys_, {},
                    [this](const Key& key) { return entry(key).name; });
}

void DirectoryEntries::sort_by_hash() {
  std::ranges::sort(keys_, [this](const Key& a, const Key& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return entry(a).name < entry(b).name;
  });
}

}  // namespace dagfs::car
