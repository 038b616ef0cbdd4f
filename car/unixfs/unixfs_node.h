// SPDX-License-Identifier: Apache-2.0 OR MIT

// The UnixFS message inside a dag-pb node's Data. docs/formats/unixfs.md
// describes its bytes. https://specs.ipfs.tech/unixfs/

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::car {

enum class UnixfsType : std::uint8_t {
  kRaw = 0,
  kDirectory = 1,
  kFile = 2,
  kMetadata = 3,
  kSymlink = 4,
  kHamtShard = 5,
};

// "directory", "hamt-sharded-directory" and so on.
std::string_view to_string(UnixfsType type);

struct UnixfsTime {
  std::int64_t seconds = 0;  // Since 1970; may be negative.
  // As written: nothing keeps a writer from putting a second or more here.
  std::optional<std::uint32_t> nanoseconds;

  friend bool operator==(const UnixfsTime&, const UnixfsTime&) = default;
};

struct UnixfsNode {
  UnixfsType type = UnixfsType::kFile;
  // A file's own bytes, a link's target, a shard's bitfield. A view into what
  // was parsed.
  ByteView data;
  std::optional<std::uint64_t> file_size;
  std::vector<std::uint64_t> block_sizes;
  std::optional<std::uint64_t> hash_type;
  std::optional<std::uint64_t> fanout;
  // As written; only the low 12 bits are permissions.
  std::optional<std::uint32_t> mode;
  std::optional<UnixfsTime> mtime;

  // Whether it holds bytes of a file.
  bool is_file() const {
    return type == UnixfsType::kFile || type == UnixfsType::kRaw;
  }
  bool is_directory() const {
    return type == UnixfsType::kDirectory || type == UnixfsType::kHamtShard;
  }
};

// Of repeated fields the last counts; unknown ones are passed over. kCorrupt,
// "not UnixFS: ...": malformed, no type or one outside UnixfsType, or
// blocksizes in packed form, which UnixFS readers do not know.
Result<UnixfsNode> parse_unixfs_node(ByteView message);

// The bytes Kubo writes for `node`: fields in order, empty data left out.
Bytes encode(const UnixfsNode& node);

}  // namespace dagfs::car
