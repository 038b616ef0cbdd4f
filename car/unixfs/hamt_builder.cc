// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/hamt_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "car/unixfs/hamt.h"

namespace dagfs::car {
namespace {

using Keys = std::span<const DirectoryEntries::Key>;

// A bit for each slot in use, the lowest slot in the last byte; leading zeros
// are left out, as Kubo does.
Bytes bitfield(std::span<const std::uint64_t> slots) {
  const std::size_t size = slots.back() / 8 + 1;
  Bytes field(size);
  for (const std::uint64_t slot : slots) {
    field[size - 1 - slot / 8] |= static_cast<std::byte>(1U << (slot % 8));
  }
  return field;
}

class HamtBuilder {
 public:
  HamtBuilder(const ImportProfile& profile, BlockSink& sink,
              const DirectoryEntries& entries, const NodeAttributes& attributes)
      : profile_(profile),
        sink_(sink),
        entries_(entries),
        attributes_(attributes),
        fanout_(profile.fanout) {}

  // The shard of `keys`, whose hashes begin with the same `bits_used` bits.
  // Recursion ends where the hash does: after 64 bits, three or more a level.
  Result<BuiltDag> put_shard(Keys keys, unsigned bits_used) {
    std::vector<DagPbLinkToWrite> links;
    std::vector<std::uint64_t> slots;
    while (!keys.empty()) {
      const auto slot = fanout_.slot(keys.front().hash, bits_used);
      if (!slot) return same_hash(keys);
      const auto is_here = [&](const DirectoryEntries::Key& key) {
        return fanout_.slot(key.hash, bits_used) == slot;
      };
      const auto end = std::ranges::find_if_not(keys, is_here);
      const Keys here(keys.begin(), end);
      slots.push_back(*slot);
      links.push_back(
          DAGFS_TRY(link_to(here, fanout_.prefix(*slot), bits_used)));
      keys = Keys(end, keys.end());
    }
    const Bytes field = bitfield(slots);
    UnixfsNode node{.type = UnixfsType::kHamtShard,
                    .data = field,
                    .hash_type = kHamtHashType,
                    .fanout = profile_.fanout};
    if (bits_used == 0) keep_attributes(profile_, attributes_, &node);
    return put_node(profile_, sink_, links, node);
  }

 private:
  // A slot holds a name, or a shard of all that share it.
  Result<DagPbLinkToWrite> link_to(Keys keys, std::string prefix,
                                   unsigned bits_used) {
    if (keys.size() > 1) {
      BuiltDag shard =
          DAGFS_TRY(put_shard(keys, bits_used + fanout_.bits().value()));
      return DagPbLinkToWrite{.cid = std::move(shard.cid),
                              .name = std::move(prefix),
                              .tsize = shard.total_size};
    }
    const DirectoryEntries::Entry entry = entries_.entry(keys.front());
    return DagPbLinkToWrite{.cid = DAGFS_TRY(Cid::from_bytes(entry.cid)),
                            .name = prefix.append(entry.name),
                            .tsize = entry.total_size};
  }

  Error same_hash(Keys keys) const {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("the names \"{}\" and \"{}\" have the same hash: "
                             "no sharded directory can hold both",
                             entries_.entry(keys[0]).name,
                             entries_.entry(keys[1]).name));
  }

  const ImportProfile& profile_;
  BlockSink& sink_;
  const DirectoryEntries& entries_;
  const NodeAttributes& attributes_;
  const HamtFanout fanout_;
};

}  // namespace

Result<BuiltDag> put_hamt(const ImportProfile& profile, BlockSink& sink,
                          const DirectoryEntries& entries,
                          const NodeAttributes& attributes) {
  return HamtBuilder(profile, sink, entries, attributes)
      .put_shard(entries.keys(), 0);
}

}  // namespace dagfs::car
