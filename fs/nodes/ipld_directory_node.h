// SPDX-License-Identifier: Apache-2.0 OR MIT

// Nodes that are not UnixFS: maps and lists are directories of their entries,
// scalars files with their DAG-JSON text.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fs/nodes/dag_node.h"
#include "fs/nodes/decoded_node.h"

namespace dagfs::fs {

// A value inside a block.
struct ValueId {
  car::Cid block;
  ValuePath path;
};

class IpldDirectoryNode final : public DagNode {
 public:
  // `cid` is the block's where the value is all of it, or empty.
  IpldDirectoryNode(DagPlace place, const car::Cid& cid, ValueId value);

  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;

 private:
  const ValueId value_;
};

// A file with the DAG-JSON text of a value.
class IpldTextNode final : public DagNode {
 public:
  IpldTextNode(DagPlace place, const car::Cid& cid, ValueId value,
               std::uint64_t size);

  Result<std::unique_ptr<FileHandle>> open_file() const override;

 private:
  const ValueId value_;
};

// What the block of `cid`, dag-cbor, dag-json or dag-pb, is shown as; where it
// cannot be decoded, its bytes. As make_dag_node.
Result<NodePtr> make_ipld_node(DagPlace place, const car::Cid& cid,
                               const dagstore::OpenShard& shard);

}  // namespace dagfs::fs
