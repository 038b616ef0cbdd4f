// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a CID turns out to be when a person looks at it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "car/block_source.h"
#include "car/ipld/cid.h"
#include "car/unixfs/unixfs_node.h"

namespace dagfs::tools {

enum class EntryType : std::uint8_t {
  kDirectory,  // UnixFS, plain or sharded.
  kFile,       // UnixFS, or a raw block.
  kSymlink,
  kNode,     // Anything else: its bytes are those of the block.
  kMissing,  // No block here.
  kBad,      // A block that cannot be read, or is not what its CID says.
};

// "directory", "file", "symlink", "node", "missing", "bad".
std::string_view to_string(EntryType type);

struct DagEntry {
  car::Cid cid;
  EntryType type = EntryType::kNode;
  std::optional<std::uint64_t> size;  // Of files, links and nodes.
  std::optional<std::uint32_t> mode;  // The low 12 bits, where UnixFS has them.
  std::optional<car::UnixfsTime> mtime;
  std::string target;          // Of a symlink; any bytes.
  std::optional<Error> error;  // Why it is missing or bad.
};

// Never fails: what is wrong is part of the answer. Raw blocks are located but
// not read.
DagEntry describe(const car::BlockSource& blocks, const car::Cid& cid);

}  // namespace dagfs::tools
