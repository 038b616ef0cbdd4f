// SPDX-License-Identifier: Apache-2.0 OR MIT

// What decides which CID an input gets: the same bytes imported with the same
// profile have the same root everywhere. docs/formats/unixfs.md has the
// profiles' values. https://specs.ipfs.tech/ipips/ipip-0499/

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "car/base/result.h"
#include "car/ipld/multihash.h"

namespace dagfs::car {

// What a file's chunks are wrapped into.
enum class LeafFormat : std::uint8_t {
  kRaw,    // Nothing: raw blocks.
  kDagPb,  // UnixFS files of one block.
};

// How the size of a directory is estimated when the question is whether it
// becomes a HAMT.
enum class DirectoryEstimate : std::uint8_t {
  kBlockBytes,  // What its block would take, exactly.
  kLinksBytes,  // Bytes of its names and CIDs alone, as Kubo did until 2025.
};

// The default is unixfs-v1-2025.
struct ImportProfile {
  // Of dag-pb blocks; 0 only with sha2-256. Raw and inlined blocks have 1.
  unsigned cid_version = 1;
  HashCode hash = HashCode::kSha2_256;
  std::uint64_t chunk_size = std::uint64_t{1} << 20;
  LeafFormat leaves = LeafFormat::kRaw;
  // Links of a file's interior node.
  std::size_t links_max = 1024;
  // Blocks of up to so many bytes go into their CIDs; nullopt: none, not even
  // the empty one.
  std::optional<std::size_t> inline_max;
  // A directory that is estimated to be larger becomes a HAMT.
  std::uint64_t shard_threshold = std::uint64_t{256} << 10;
  DirectoryEstimate shard_estimate = DirectoryEstimate::kBlockBytes;
  std::uint64_t fanout = 256;
  // Whether attributes that are given are written. A file of one chunk that
  // has any becomes a dag-pb block whatever `leaves` says.
  bool keeps_mode = false;
  bool keeps_mtime = false;
};

struct NamedProfile {
  std::string_view name;
  ImportProfile profile;
};

// unixfs-v1-2025, unixfs-v0-2015 and lotus, in this order.
std::span<const NamedProfile> import_profiles();

// kInvalidArgument: there is none of this name; the message lists them.
Result<ImportProfile> find_import_profile(std::string_view name);

// kInvalidArgument: values that contradict each other or lie outside
// car/unixfs/limits.h. kUnsupported: the hash function is not known here.
Status check_import_profile(const ImportProfile& profile);

}  // namespace dagfs::car
