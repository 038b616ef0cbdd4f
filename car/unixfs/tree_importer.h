// SPDX-License-Identifier: Apache-2.0 OR MIT

// Imports what lies in a local file system.

#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/node_writer.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// What UnixFS has no form for: devices, fifos, sockets.
enum class SpecialFiles : std::uint8_t { kRefuse, kSkip };

// Names that begin with a dot, below the path that was asked for.
enum class HiddenFiles : std::uint8_t { kInclude, kSkip };

struct ImportProgress {
  std::uint64_t bytes = 0;  // Of files, read so far.
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t skipped = 0;

  friend bool operator==(const ImportProgress&,
                         const ImportProgress&) = default;
};

struct TreeImportOptions {
  ImportProfile profile;  // Passed check_import_profile().
  HiddenFiles hidden = HiddenFiles::kInclude;
  SpecialFiles special = SpecialFiles::kRefuse;
  // Called often: after each entry and each MiB.
  std::function<void(const ImportProgress&)> progress;
  // Called for each special file that is skipped, with its path.
  std::function<void(std::string_view path)> skipped;
  // Asked to stop, the import ends soon, with kUnavailable.
  std::stop_token stop;
};

struct ImportedTree {
  BuiltDag root;
  ImportProgress total;
};

// Puts the file, directory or symbolic link at `path` into `sink`, children
// before parents, in an order that depends on the tree alone; so do the blocks.
// No symbolic link is followed, `path` itself included. Owners, extended
// attributes and hard links are not kept; holes become zeros.
//
// Memory: that of a FileBuilder and of a SmallFileBuilder, and on the way down
// from `path`, the names and entries (DirectoryBuilder) of each directory, and
// a descriptor.
//
// kNotFound: nothing at `path`. kStale: something was changed while it was
// read. kUnsupported: a special file, or names that no HAMT can hold.
// kExhausted: more than kTreeDepthMax levels. kUnavailable: stopped. kIo: the
// system says no. Else as BlockSink::put. Messages name the path.
Result<ImportedTree> import_tree(const std::string& path,
                                 const TreeImportOptions& options,
                                 BlockSink& sink, HashPool* pool);

}  // namespace dagfs::car
