// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/dag_builder.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "car/unixfs/hamt.h"

namespace dagfs::tests {
namespace {

using car::Cid;
using car::UnixfsNode;
using car::UnixfsType;

void append_varint(Bytes* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out->push_back(static_cast<std::byte>(value | 0x80));
  }
  out->push_back(static_cast<std::byte>(value));
}

// A length-delimited protobuf field.
void append_field(Bytes* out, unsigned number, ByteView bytes) {
  append_varint(out, (number << 3) | 2);
  append_varint(out, bytes.size());
  out->insert(out->end(), bytes.begin(), bytes.end());
}

// Kubo's form: a bit for each slot in use, the lowest slot in the last byte,
// leading zeros left out.
Bytes bitfield(const std::vector<std::uint64_t>& slots) {
  if (slots.empty()) return {};
  const std::size_t size = *std::ranges::max_element(slots) / 8 + 1;
  Bytes field(size);
  for (const std::uint64_t slot : slots) {
    field[size - 1 - slot / 8] |= static_cast<std::byte>(1U << (slot % 8));
  }
  return field;
}

void sort_by_name(std::vector<DagLink>* links) {
  std::ranges::stable_sort(*links, {}, &DagLink::name);
}

}  // namespace

DagBuilder& DagBuilder::hash_with(car::HashCode code) {
  hash_ = code;
  return *this;
}

DagBuilder& DagBuilder::cid_version_0() {
  version_0_ = true;
  return *this;
}

Cid DagBuilder::block(car::Codec codec, ByteView bytes) {
  const auto version_1 = Cid::of(codec, hash_, bytes);
  assert(version_1.ok() && "the hash function is not known here");
  Cid cid = *version_1;
  if (version_0_ && codec == car::Codec::kDagPb) {
    cid = Cid::from_bytes(version_1->multihash_bytes()).value();
  }
  if (total_sizes_.try_emplace(cid, bytes.size()).second) {
    blocks_.push_back({cid, Bytes(bytes.begin(), bytes.end())});
  }
  return cid;
}

Cid DagBuilder::raw(ByteView bytes) { return block(car::Codec::kRaw, bytes); }

Cid DagBuilder::file(ByteView content, const FileOptions& options) {
  assert(options.chunk_size > 0 && options.links_max > 1);
  const ByteView beside =
      content.first(std::min(options.data_beside_links, content.size()));
  std::vector<Subtree> leaves;
  for (ByteView rest = content.subspan(beside.size()); !rest.empty();) {
    const std::size_t size = std::min(options.chunk_size, rest.size());
    leaves.push_back(leaf(rest.first(size), options));
    rest = rest.subspan(size);
  }
  const bool bare = beside.empty() && !options.mode && !options.mtime;
  if (leaves.empty() && bare) return leaf({}, options).cid;
  if (leaves.size() == 1 && bare) return leaves.front().cid;
  if (leaves.size() <= 1 && options.leaves == DagLeaves::kDagPb) {
    return parent({}, content, &options).cid;
  }
  if (options.shape == DagShape::kTrickle && beside.empty()) {
    std::ranges::reverse(leaves);
    return trickle(&leaves, SIZE_MAX, options).cid;
  }
  while (leaves.size() > options.links_max) {
    leaves = balanced_level(std::move(leaves), options);
  }
  return parent(leaves, beside, &options).cid;
}

Cid DagBuilder::symlink(std::string_view target) {
  return node(
      {}, UnixfsNode{.type = UnixfsType::kSymlink, .data = as_bytes(target)});
}

Cid DagBuilder::directory(std::vector<DagLink> entries,
                          const DirectoryOptions& options) {
  sort_by_name(&entries);
  return node(entries, UnixfsNode{.type = UnixfsType::kDirectory,
                                  .mode = options.mode,
                                  .mtime = options.mtime});
}

Cid DagBuilder::sharded_directory(std::vector<DagLink> entries,
                                  std::uint64_t fanout,
                                  const DirectoryOptions& options) {
  assert(car::HamtFanout(fanout).bits());
  sort_by_name(&entries);
  std::vector<NamedHash> hashed;
  for (DagLink& link : entries) {
    const std::uint64_t hash = car::hamt_hash(link.name);
    hashed.push_back({hash, std::move(link)});
  }
  return shard(std::move(hashed), 0, fanout, options);
}

Cid DagBuilder::node(const std::vector<DagLink>& links,
                     const std::optional<Bytes>& data) {
  Bytes encoded;
  std::uint64_t total = 0;
  for (const DagLink& link : links) {
    const std::uint64_t size = total_size(link.cid);
    total += size;
    Bytes message;
    append_field(&message, 1, link.cid.bytes());
    append_field(&message, 2, as_bytes(link.name));
    append_varint(&message, 3 << 3);
    append_varint(&message, size);
    append_field(&encoded, 2, message);
  }
  if (data) append_field(&encoded, 1, *data);
  const Cid cid = block(car::Codec::kDagPb, encoded);
  total_sizes_[cid] = encoded.size() + total;
  return cid;
}

Cid DagBuilder::node(const std::vector<DagLink>& links,
                     const UnixfsNode& unixfs) {
  return node(links, encode(unixfs));
}

CarBuilder DagBuilder::car(const Cid& root) const {
  CarBuilder car;
  car.root(root);
  for (const DagBlock& block : blocks_) car.section(block.cid, block.bytes);
  return car;
}

DagBuilder::Subtree DagBuilder::leaf(ByteView chunk,
                                     const FileOptions& options) {
  if (options.leaves == DagLeaves::kRaw) return {raw(chunk), chunk.size()};
  if (options.shape == DagShape::kBalanced) return parent({}, chunk, nullptr);
  // Kubo gives the leaves of trickle DAGs this type.
  const UnixfsNode unixfs{
      .type = UnixfsType::kRaw, .data = chunk, .file_size = chunk.size()};
  return {node({}, unixfs), chunk.size()};
}

DagBuilder::Subtree DagBuilder::parent(const std::vector<Subtree>& children,
                                       ByteView data,
                                       const FileOptions* root_options) {
  UnixfsNode unixfs{.type = UnixfsType::kFile, .data = data};
  std::uint64_t size = data.size();
  std::vector<DagLink> links;
  for (const Subtree& child : children) {
    links.push_back({"", child.cid});
    unixfs.block_sizes.push_back(child.file_size);
    size += child.file_size;
  }
  unixfs.file_size = size;
  if (root_options != nullptr) {
    unixfs.mode = root_options->mode;
    unixfs.mtime = root_options->mtime;
  }
  return {node(links, unixfs), size};
}

std::vector<DagBuilder::Subtree> DagBuilder::balanced_level(
    std::vector<Subtree> children, const FileOptions& options) {
  std::vector<Subtree> parents;
  for (std::size_t at = 0; at < children.size(); at += options.links_max) {
    const std::size_t end = std::min(at + options.links_max, children.size());
    const auto begin = children.begin();
    parents.push_back(parent({begin + static_cast<std::ptrdiff_t>(at),
                              begin + static_cast<std::ptrdiff_t>(end)},
                             {}, nullptr));
  }
  return parents;
}

// `leaves` are in reverse order and taken from the back.
DagBuilder::Subtree DagBuilder::trickle(std::vector<Subtree>* leaves,
                                        std::size_t depth,
                                        const FileOptions& options) {
  constexpr std::size_t kSubtreesPerDepth = 4;
  std::vector<Subtree> children;
  while (!leaves->empty() && children.size() < options.links_max) {
    children.push_back(leaves->back());
    leaves->pop_back();
  }
  for (std::size_t layer = 1; layer < depth && !leaves->empty(); ++layer) {
    for (std::size_t i = 0; i < kSubtreesPerDepth && !leaves->empty(); ++i) {
      children.push_back(trickle(leaves, layer, options));
    }
  }
  return parent(children, {}, depth == SIZE_MAX ? &options : nullptr);
}

Cid DagBuilder::shard(std::vector<NamedHash> entries, unsigned bits_used,
                      std::uint64_t fanout, const DirectoryOptions& options) {
  const car::HamtFanout shape(fanout);
  std::map<std::uint64_t, std::vector<NamedHash>> by_slot;
  for (NamedHash& entry : entries) {
    const auto slot = shape.slot(entry.hash, bits_used);
    assert(slot && "two names with the same hash");
    by_slot[*slot].push_back(std::move(entry));
  }
  std::vector<DagLink> links;
  std::vector<std::uint64_t> slots;
  for (auto& [slot, inside] : by_slot) {
    slots.push_back(slot);
    if (inside.size() == 1) {
      const DagLink& link = inside.front().link;
      links.push_back({shape.prefix(slot) + link.name, link.cid});
      continue;
    }
    links.push_back(
        {shape.prefix(slot),
         shard(std::move(inside), bits_used + *shape.bits(), fanout, {})});
  }
  const Bytes field = bitfield(slots);
  return node(links, UnixfsNode{.type = UnixfsType::kHamtShard,
                                .data = field,
                                .hash_type = car::kHamtHashType,
                                .fanout = fanout,
                                .mode = options.mode,
                                .mtime = options.mtime});
}

std::uint64_t DagBuilder::total_size(const Cid& cid) const {
  const auto found = total_sizes_.find(cid);
  return found == total_sizes_.end() ? 0 : found->second;
}

Bytes pseudo_random_bytes(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (std::byte& byte : bytes) {  // xorshift64.
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<std::byte>(state >> 56);
  }
  return bytes;
}

}  // namespace dagfs::tests
