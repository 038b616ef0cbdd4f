// SPDX-License-Identifier: Apache-2.0 OR MIT

// Names and links of UnixFS directories, plain or sharded.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/ipld/cid.h"
#include "car/unixfs/bounded_cache.h"
#include "car/unixfs/directory_node.h"
#include "car/unixfs/hamt_walk.h"

namespace dagfs::car {

// A directory as names: whether it is one block or a HAMT of many does not
// show. Of repeated names the first counts; in a HAMT that is judged within
// each shard, since a name's hash leads to one of them only. Memory does
// not grow with the size of a HAMT. Safe for use from many threads at once.
class DirectoryReader {
 public:
  // False: no more entries, please; the one just shown counts as not taken.
  using Visitor = std::function<bool(const DirectoryEntry&)>;

  // `blocks` must outlive the reader. kInvalidArgument: `directory` is no
  // UnixFS directory. kCorrupt: it cannot be decoded. Else as BlockSource::get.
  static Result<std::unique_ptr<DirectoryReader>> open(
      const BlockSource& blocks, const Cid& directory);

  // What `name` links to; nullopt: no such name. Fetches the shards on the
  // name's path only, and takes names that stand in the wrong slot of one of
  // them too; a HAMT whose slots cannot be computed (fan-out no power of two
  // up to kHamtFanoutMax, unknown hash) is searched from the start. An Error:
  // a shard that may hold the name cannot be had; its message names the CID.
  Result<std::optional<Cid>> lookup(std::string_view name) const;

  // Shows the entries from `cookie` on, in the order of their links, shards
  // depth first; 0 is the start, and any other cookie one that an entry of the
  // same directory came with, perhaps from another reader. Entries that cannot
  // be had because their shard is missing or wrong are left out, and the Error
  // of the first such shard is returned when the end is reached. kExhausted:
  // kEmptyShardsMax shards in a row held no entry.
  Status list(std::uint64_t cookie, const Visitor& visit) const;

 private:
  DirectoryReader(const BlockSource& blocks, DirectoryNodePtr root);

  // Null: `cid` is no HAMT shard.
  Result<DirectoryNodePtr> shard(const Cid& cid) const;
  Result<std::optional<Cid>> search(std::string_view name) const;
  Status list_plain(std::uint64_t cookie, const Visitor& visit) const;
  Status list_shards(std::uint64_t cookie, const Visitor& visit) const;
  Status known_fault() const;

  const BlockSource& blocks_;
  const DirectoryNodePtr root_;
  // Sub-shards.
  mutable BoundedCache<Cid, const DirectoryNode, CidHash> shards_;

  // Why the first shard that could not be had could not, for a listing that
  // ends many calls after it was passed.
  mutable Mutex mutex_;
  mutable std::optional<Error> fault_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::car
