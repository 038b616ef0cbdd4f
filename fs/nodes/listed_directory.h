// SPDX-License-Identifier: Apache-2.0 OR MIT

// Directories of a few known entries.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fs/node.h"

namespace dagfs::fs {

struct DirectoryEntry {
  std::string name;
  std::uint64_t inode = 0;
  NodeType type = NodeType::kUnknown;
};

// An open directory whose entries were settled when it was opened. A cookie is
// the place of the next entry.
class ListedDirectoryHandle final : public DirectoryHandle {
 public:
  explicit ListedDirectoryHandle(std::vector<DirectoryEntry> entries)
      : entries_(std::move(entries)) {}

  Status read(std::uint64_t cookie, DirectorySink* sink) override;

 private:
  const std::vector<DirectoryEntry> entries_;
};

// A directory that never changes while the tree lives, made of other nodes.
class FixedDirectoryNode final : public Node {
 public:
  struct Child {
    std::string name;
    NodePtr node;
  };

  FixedDirectoryNode(std::uint64_t inode, timespec mtime,
                     std::vector<Child> children)
      : inode_(inode), mtime_(mtime), children_(std::move(children)) {}

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kShort; }
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;

 private:
  const std::uint64_t inode_;
  const timespec mtime_;
  const std::vector<Child> children_;
};

}  // namespace dagfs::fs
