// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>
#include <utility>

#include "fs/nodes/dag_node.h"

namespace dagfs::fs {

// A name whose block is missing, is not what its CID says, or cannot be
// checked: an empty file that cannot be opened.
class UnreadableNode final : public DagNode {
 public:
  UnreadableNode(DagPlace place, const car::Cid& cid, Error error)
      : DagNode(std::move(place), cid, {.type = NodeType::kFile}),
        error_(std::move(error)) {}

  Caching caching() const override { return Caching::kShort; }
  // kStale: the block is there by now, because the piece was replaced by a
  // whole one. Otherwise why it is not.
  Result<std::unique_ptr<FileHandle>> open_file() const override;

 private:
  std::string known_error() const override { return error_.message(); }

  const Error error_;  // About cid().
};

}  // namespace dagfs::fs
