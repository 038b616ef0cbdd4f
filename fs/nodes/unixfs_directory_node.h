// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "fs/nodes/dag_node.h"
#include "fs/nodes/decoded_cache.h"

namespace dagfs::fs {

// A UnixFS directory, plain or sharded.
class UnixfsDirectoryNode final : public DagNode {
 public:
  UnixfsDirectoryNode(DagPlace place, const car::Cid& cid,
                      Attributes attributes, DirectoryKind kind)
      : DagNode(std::move(place), cid, attributes), kind_(kind) {}

  // An Error: the name may be in a shard of the directory that cannot be had.
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;

 private:
  using ReaderPtr = std::shared_ptr<const car::DirectoryReader>;

  Result<std::string> find_error() const override;
  Result<ReaderPtr> reader(const dagstore::OpenShard& open) const;

  const DirectoryKind kind_;
};

}  // namespace dagfs::fs
