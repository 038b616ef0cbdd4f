// SPDX-License-Identifier: Apache-2.0 OR MIT

// UnixFS DAGs for tests: sound ones from a few words, broken ones by hand.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/ipld/cid.h"
#include "car/unixfs/unixfs_node.h"
#include "tests/support/car_builder.h"
#include "tests/support/fake_block_source.h"

namespace dagfs::tests {

enum class DagShape : std::uint8_t { kBalanced, kTrickle };
enum class DagLeaves : std::uint8_t { kRaw, kDagPb };

struct FileOptions {
  std::size_t chunk_size = std::size_t{256} << 10;
  std::size_t links_max = 174;
  DagShape shape = DagShape::kBalanced;
  DagLeaves leaves = DagLeaves::kRaw;
  // So many of the first bytes go into the root beside its links.
  std::size_t data_beside_links = 0;
  std::optional<std::uint32_t> mode;
  std::optional<car::UnixfsTime> mtime;
};

struct DirectoryOptions {
  std::optional<std::uint32_t> mode;
  std::optional<car::UnixfsTime> mtime;
};

// One link of a dag-pb node.
struct DagLink {
  std::string name;
  car::Cid cid;
};

// Collects blocks; each call answers the CID of what it added. Blocks come out
// children first, each once. CIDs are version 1 with sha2-256 unless said
// otherwise.
class DagBuilder {
 public:
  // Every later block gets its CID so; kIdentity puts blocks into their CIDs.
  DagBuilder& hash_with(car::HashCode code);
  // Later dag-pb blocks get version 0 CIDs (sha2-256 only).
  DagBuilder& cid_version_0();

  car::Cid block(car::Codec codec, ByteView bytes);
  car::Cid raw(ByteView bytes);
  car::Cid raw(std::string_view text) { return raw(as_bytes(text)); }

  // A file of one dag-pb or raw block where `content` fits one chunk and
  // nothing else asks for a root above it.
  car::Cid file(ByteView content, const FileOptions& options = {});
  car::Cid file(std::string_view content, const FileOptions& options = {}) {
    return file(as_bytes(content), options);
  }
  car::Cid symlink(std::string_view target);

  // Links sorted by name, as writers must.
  car::Cid directory(std::vector<DagLink> entries,
                     const DirectoryOptions& options = {});
  // A HAMT; `fanout` is a power of two. Names must differ.
  car::Cid sharded_directory(std::vector<DagLink> entries,
                             std::uint64_t fanout = 256,
                             const DirectoryOptions& options = {});

  // A dag-pb node with these very links and, where given, this Data.
  car::Cid node(const std::vector<DagLink>& links,
                const std::optional<Bytes>& data);
  car::Cid node(const std::vector<DagLink>& links,
                const car::UnixfsNode& unixfs);

  const std::vector<DagBlock>& blocks() const { return blocks_; }

  // A CAR of all blocks so far with this root.
  CarBuilder car(const car::Cid& root) const;

 private:
  struct Subtree {
    car::Cid cid;
    std::uint64_t file_size = 0;
  };
  struct NamedHash {
    std::uint64_t hash = 0;
    DagLink link;
  };

  Subtree leaf(ByteView chunk, const FileOptions& options);
  Subtree parent(const std::vector<Subtree>& children, ByteView data,
                 const FileOptions* root_options);
  std::vector<Subtree> balanced_level(std::vector<Subtree> children,
                                      const FileOptions& options);
  Subtree trickle(std::vector<Subtree>* leaves, std::size_t depth,
                  const FileOptions& options);
  car::Cid shard(std::vector<NamedHash> entries, unsigned bits_used,
                 std::uint64_t fanout, const DirectoryOptions& options);
  std::uint64_t total_size(const car::Cid& cid) const;

  car::HashCode hash_ = car::HashCode::kSha2_256;
  bool version_0_ = false;
  std::vector<DagBlock> blocks_;
  std::map<car::Cid, std::uint64_t> total_sizes_;  // Tsize of links.
};

// `size` bytes that look random and depend on `seed` only.
Bytes pseudo_random_bytes(std::size_t size, std::uint64_t seed = 1);

}  // namespace dagfs::tests
