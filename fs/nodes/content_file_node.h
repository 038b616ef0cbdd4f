// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "car/ipld/cid.h"
#include "fs/nodes/dag_node.h"
#include "fs/nodes/remembered_error.h"

namespace dagfs::fs {

// A regular file whose bytes are in blocks: a UnixFS file, or the bytes of one
// block as they are.
class ContentFileNode final : public DagNode {
 public:
  struct Content {
    car::Cid root;      // Of the layout: `cid`, or its block as a raw one.
    std::string error;  // Why this is not shown as its codec says; or empty.
  };

  ContentFileNode(DagPlace place, const car::Cid& cid, Attributes attributes,
                  Content content);

  Result<std::unique_ptr<FileHandle>> open_file() const override;

 private:
  std::string known_error() const override { return error_->message(); }
  Result<std::string> find_error() const override;

  const car::Cid root_;
  // Written by open handles.
  const std::shared_ptr<RememberedError> error_;
};

// The block of `cid`, `size` bytes, as a file; `error` says why it is not shown
// as what it is, if so.
NodePtr make_block_file(DagPlace place, const car::Cid& cid, std::uint64_t size,
                        std::string error = {});

}  // namespace dagfs::fs
