// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <string>

#include "fs/nodes/dag_node.h"

namespace dagfs::fs {

// What readlink can answer: PATH_MAX with its NUL.
inline constexpr std::size_t kLinkTargetSizeMax = 4095;

// A UnixFS symbolic link. A target that readlink cannot tell is told by its
// size only.
class SymlinkNode final : public DagNode {
 public:
  SymlinkNode(DagPlace place, const car::Cid& cid, const car::UnixfsNode& node);

  // kUnsupported: too long, or with a NUL inside.
  Result<std::string> read_link() const override;

 private:
  std::string known_error() const override { return error_; }

  std::string target_;
  std::string error_;  // Why there is no target.
};

}  // namespace dagfs::fs
