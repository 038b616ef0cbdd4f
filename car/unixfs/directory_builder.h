// SPDX-License-Identifier: Apache-2.0 OR MIT

// Writes a UnixFS directory whose entries have been written before.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/ipld/cid.h"
#include "car/unixfs/directory_entries.h"
#include "car/unixfs/node_writer.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// Collects names in any order; what is put depends on none. One block if the
// profile's estimate of it stays within the profile's threshold, else a HAMT.
//
// Memory: 28 bytes a name beside the name and its CID, so about 85 MB for
// a million names of 20 bytes, until it is destroyed. For one thread at a time.
class DirectoryBuilder {
 public:
  // `profile` passed check_import_profile(); `sink` must outlive the builder.
  DirectoryBuilder(const ImportProfile& profile, BlockSink& sink);

  // An entry, and the bytes of all blocks below it (BuiltDag::total_size).
  // kInvalidArgument: `name` is empty, ".", "..", longer than kNameSizeMax or
  // holds a NUL or "/"; or `cid` is longer than kCidSizeMax.
  Status add(std::string_view name, const Cid& cid, std::uint64_t total_size);

  // Puts the directory; the builder is of no more use. kInvalidArgument: a name
  // was added twice. kUnsupported: two names of a HAMT have the same hash. Else
  // as BlockSink::put.
  Result<BuiltDag> finish(const NodeAttributes& attributes = {});

  std::size_t entry_count() const { return entries_.size(); }

 private:
  Status check_repeated() const;
  std::uint64_t estimate(const UnixfsNode& node) const;

  const ImportProfile profile_;
  BlockSink& sink_;
  DirectoryEntries entries_;
  std::uint64_t links_size_ = 0;  // As the profile estimates them.
};

}  // namespace dagfs::car
