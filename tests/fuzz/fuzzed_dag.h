// SPDX-License-Identifier: Apache-2.0 OR MIT

// Small DAGs from fuzz input: blocks that link to earlier ones, so that input
// need not hit upon digests.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "car/base/bytes.h"
#include "car/unixfs/hamt.h"
#include "tests/support/dag_builder.h"

namespace dagfs::tests {

// Takes bytes off the front; zeros when there are none left.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  bool empty() const { return rest_.empty(); }

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  ByteView bytes(std::size_t size) {
    const ByteView taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (const std::byte byte : bytes(8)) {
      value = value << 8 | std::to_integer<std::uint64_t>(byte);
    }
    return value;
  }

 private:
  ByteView rest_;
};

// Each block of the input begins with a byte that says its kind.
class FuzzedDag {
 public:
  enum class Kind : std::uint8_t {
    kRaw,        // A size and the bytes.
    kFile,       // Data, link count, for each link a block and a size.
    kDirectory,  // Link count, for each link a block and a name.
    kShard,      // The fan-out, then as a directory; names have prefixes.
    kDagPb,      // A size and the bytes.
    kIdentity,   // Like kRaw.
    kCount
  };

  explicit FuzzedDag(FuzzInput input) {
    constexpr std::size_t kBlocksMax = 64;
    roots_.push_back(dag_.raw("leaf"));
    while (!input.empty() && roots_.size() < kBlocksMax) {
      roots_.push_back(block(&input));
    }
  }

  // The blocks from which the most can be reached, to be read as roots.
  std::span<const car::Cid> last_roots() const {
    constexpr std::size_t kCount = 4;
    return std::span(roots_).last(std::min(kCount, roots_.size()));
  }
  const std::vector<DagBlock>& blocks() const { return dag_.blocks(); }

 private:
  car::Cid block(FuzzInput* input) {
    const auto count = static_cast<std::uint8_t>(Kind::kCount);
    switch (static_cast<Kind>(input->byte() % count)) {
      case Kind::kRaw: return dag_.raw(input->bytes(input->byte()));
      case Kind::kFile: return file(input);
      case Kind::kDirectory: return directory(input);
      case Kind::kShard: return shard(input);
      case Kind::kDagPb:
        return dag_.block(car::Codec::kDagPb, input->bytes(input->byte()));
      case Kind::kIdentity:
      case Kind::kCount: break;
    }
    return DagBuilder()
        .hash_with(car::HashCode::kIdentity)
        .raw(input->bytes(input->byte()));
  }

  const car::Cid& earlier(FuzzInput* input) const {
    return roots_[roots_.size() - 1 - input->byte() % roots_.size()];
  }

  car::Cid file(FuzzInput* input) {
    car::UnixfsNode node;
    node.data = input->bytes(input->byte());
    const std::uint8_t flags = input->byte();
    std::uint64_t total = node.data.size();
    std::vector<DagLink> links(input->byte() % 16);
    for (DagLink& link : links) {
      link.cid = earlier(input);
      const std::uint64_t size =
          (flags & 1) != 0 ? input->number() : input->byte();
      node.block_sizes.push_back(size);
      total += size;
    }
    if ((flags & 2) != 0) node.file_size = total;
    if ((flags & 4) != 0) node.block_sizes.clear();
    return dag_.node(links, node);
  }

  std::vector<DagLink> links(FuzzInput* input) {
    std::vector<DagLink> links(input->byte() % 16);
    for (DagLink& link : links) {
      link.cid = earlier(input);
      link.name = as_text(input->bytes(input->byte() % 16));
    }
    return links;
  }

  car::Cid directory(FuzzInput* input) {
    return dag_.node(links(input),
                     car::UnixfsNode{.type = car::UnixfsType::kDirectory});
  }

  car::Cid shard(FuzzInput* input) {
    const std::uint8_t shape = input->byte();
    const std::uint64_t fanout =
        shape < 0x80 ? std::uint64_t{1} << (shape % 64) : input->number();
    const car::HamtFanout prefixes(fanout);
    std::vector<DagLink> entries = links(input);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if ((shape & 0x40) != 0 || prefixes.prefix_size() == 0) break;
      const auto slot = prefixes.slot(car::hamt_hash(entries[i].name), 0);
      entries[i].name.insert(0, prefixes.prefix(slot.value_or(i)));
    }
    return dag_.node(entries,
                     car::UnixfsNode{.type = car::UnixfsType::kHamtShard,
                                     .hash_type = car::kHamtHashType,
                                     .fanout = fanout});
  }

  DagBuilder dag_;
  std::vector<car::Cid> roots_;
};

}  // namespace dagfs::tests
