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

  // The block may come when the piece is replaced by a whole one.
  Caching caching() const override { return Caching::kShort; }
  Result<std::unique_ptr<FileHandle>> open_file() const override {
    if (error_.code() != ErrorCode::kNotFound) return error_;
    // Its name is there.
    return Error(ErrorCode::kUnavailable, error_.message());
  }

 private:
  std::string known_error() const override { return error_.message(); }

  const Error error_;
};

}  // namespace dagfs::fs
