// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "car/base/mutex.h"
#include "fs/node.h"
#include "fs/nodes/tree_context.h"

namespace dagfs::fs {

// shards/: one directory for each shard. Looks into the registry only.
class ShardsNode final : public Node {
 public:
  ShardsNode(std::shared_ptr<TreeContext> tree, std::uint64_t inode,
             timespec mtime)
      : tree_(std::move(tree)), inode_(inode), mtime_(mtime) {}

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kShort; }
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;

 private:
  const std::shared_ptr<TreeContext> tree_;
  const std::uint64_t inode_;
  const timespec mtime_;
};

// Remembers which key stood at which cookie, so that a reader can go on where
// it was without the keys before it being read again. Memory is bounded however
// many keys there are; a reader that goes back far pays with keys read again.
// One thread at a time.
class KeyBookmarks {
 public:
  struct Bookmark {
    std::uint64_t count = 0;  // Keys up to and with `key`.
    std::string key;          // Empty: before the first.
  };

  // The nearest known place at or before `count` keys.
  Bookmark before(std::uint64_t count) const;

  // Kept at the moment.
  std::size_t size() const { return marks_.size() + 1; }

  // Notes that `key` is the one after `count` - 1 others.
  void note(std::uint64_t count, std::string_view key);

 private:
  // Readers come back to where a buffer ended, a few hundred keys apart, and
  // only to the last of those unless they seek.
  static constexpr std::size_t kBookmarksMax = 1024;

  std::uint64_t spacing_ = 256;  // Doubles when there are too many.
  std::map<std::uint64_t, std::string> marks_;
  Bookmark last_;
};

}  // namespace dagfs::fs
