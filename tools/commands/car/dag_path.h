// SPDX-License-Identifier: Apache-2.0 OR MIT

// Paths below the roots of a CAR, as commands take and print them: "a/b" below
// the only root, or "CID/a/b" below any block.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "car/block_source.h"
#include "car/ipld/cid.h"

namespace dagfs::tools {

struct FoundPath {
  car::Cid cid;
  // What was asked for, without empty components; none for the only root.
  std::vector<std::string> components;

  std::string path() const;  // "a/b".
};

// Follows `path`. A first component that is a CID begins there; otherwise there
// must be exactly one root. kInvalidArgument: no root to begin at. kNotFound:
// no such name, or a block on the way is not here. kCorrupt, kUnsupported: a
// block on the way is no directory.
Result<FoundPath> find_path(const car::BlockSource& blocks,
                            const std::vector<car::Cid>& roots,
                            std::string_view path);

// Where a command begins that was given no path: the only root by the empty
// path, or each root, once, by its CID.
std::vector<FoundPath> paths_of_roots(const std::vector<car::Cid>& roots);

// "a" and "b" as "a/b"; `name` alone where `folder` is empty.
std::string join_path(std::string_view folder, std::string_view name);

}  // namespace dagfs::tools
