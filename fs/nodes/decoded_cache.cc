// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/decoded_cache.h"

#include <utility>

#include "car/unixfs/limits.h"

namespace dagfs::fs {
namespace {

// The blocks of a shard that is opened for each request anew, so that what
// reads through this may be kept for long without a lease.
class ReopenedBlocks final : public car::BlockSource {
 public:
  ReopenedBlocks(dagstore::Dagstore& store, dagstore::ShardKey key)
      : store_(store), key_(std::move(key)) {}

  Result<car::Block> get(const car::Cid& cid) const override {
    const auto lease = DAGFS_TRY(store_.acquire(key_));
    return lease->blocks().get(cid);
  }

  Result<car::BlockLocation> locate(const car::Cid& cid) const override {
    const auto lease = DAGFS_TRY(store_.acquire(key_));
    return lease->blocks().locate(cid);
  }

 private:
  dagstore::Dagstore& store_;
  const dagstore::ShardKey key_;
};

struct KeptDirectory {
  KeptDirectory(dagstore::Dagstore& store, const dagstore::ShardKey& key)
      : blocks(store, key) {}

  const ReopenedBlocks blocks;
  std::unique_ptr<car::DirectoryReader> reader;  // Reads from `blocks`.
};

// Decoded, a plain directory takes about three times its block: the block, and
// 32 to 48 bytes for each of its links of at least 40. A sharded one keeps
// shards below its root beside it.
Result<std::size_t> cost_of(const dagstore::OpenShard& shard,
                            const DecodedCache::DirectoryId& id) {
  const std::size_t below =
      id.kind == DirectoryKind::kSharded ? car::kHamtShardsCostMax : 0;
  constexpr std::size_t kReaderCost = 1024;
  if (id.cid.is_identity()) {
    return below + kReaderCost + 3 * id.cid.bytes().size();
  }
  const auto location = DAGFS_TRY(shard.blocks().locate(id.cid));
  return below + kReaderCost + 3 * location.size;
}

}  // namespace

Result<std::shared_ptr<const car::DirectoryReader>> DecodedCache::directory(
    dagstore::Dagstore& store, const dagstore::OpenShard& shard,
    const DirectoryId& id) {
  const Key key{.generation = shard.generation(), .cid = id.cid};
  if (auto kept = directories_.find(key)) return kept;
  const std::size_t cost = DAGFS_TRY(cost_of(shard, id));
  auto directory = std::make_shared<KeptDirectory>(store, shard.key());
  directory->reader =
      DAGFS_TRY(car::DirectoryReader::open(directory->blocks, id.cid));
  const car::DirectoryReader* reader = directory->reader.get();
  return directories_.insert(
      key,
      std::shared_ptr<const car::DirectoryReader>(std::move(directory), reader),
      cost);
}

Result<std::shared_ptr<const DecodedNode>> DecodedCache::node(
    const dagstore::OpenShard& shard, const car::Cid& cid) {
  const Key key{.generation = shard.generation(), .cid = cid};
  if (auto kept = nodes_.find(key)) return kept;
  auto node = DAGFS_TRY(DecodedNode::load(shard.blocks(), cid));
  const std::size_t cost = node->cost();
  return nodes_.insert(key, std::move(node), cost);
}

std::size_t DecodedCache::KeyHash::operator()(const Key& key) const {
  return car::CidHash()(key.cid) ^ (key.generation * 0x9e3779b97f4a7c15);
}

}  // namespace dagfs::fs
