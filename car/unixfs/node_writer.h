// SPDX-License-Identifier: Apache-2.0 OR MIT

// Writes single UnixFS nodes under a profile.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/ipld/cid.h"
#include "car/ipld/dag_pb.h"
#include "car/unixfs/profile.h"
#include "car/unixfs/unixfs_node.h"

namespace dagfs::car {

// A DAG whose blocks have been put.
struct BuiltDag {
  Cid cid;
  // Of a file, its bytes; of a symbolic link, those of its target; else 0.
  std::uint64_t size = 0;
  // Bytes of all blocks, each counted as often as it is linked: what links to
  // it call Tsize.
  std::uint64_t total_size = 0;
};

// What the source says; a profile decides what of it is kept.
struct NodeAttributes {
  std::optional<std::uint32_t> mode;  // The low 12 bits are kept.
  std::optional<UnixfsTime> mtime;    // 0 nanoseconds are left out.
};

// What of `attributes` goes into `node` under `profile`.
void keep_attributes(const ImportProfile& profile,
                     const NodeAttributes& attributes, UnixfsNode* node);

// Encodes and puts the node with these links, which have a Tsize each. The size
// of the answer is 0. kInvalidArgument: the sum of Tsizes is 2^64 or more. Else
// as BlockSink::put.
Result<BuiltDag> put_node(const ImportProfile& profile, BlockSink& sink,
                          std::span<const DagPbLinkToWrite> links,
                          const UnixfsNode& node);

// A symbolic link. kInvalidArgument: `target` is empty or longer than
// kSymlinkTargetMax. Else as BlockSink::put.
Result<BuiltDag> put_symlink(const ImportProfile& profile, BlockSink& sink,
                             std::string_view target,
                             const NodeAttributes& attributes = {});

}  // namespace dagfs::car
