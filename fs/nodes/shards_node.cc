// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/shards_node.h"

#include <utility>

#include "fs/nodes/inode_number.h"
#include "fs/nodes/shard_node.h"

namespace dagfs::fs {
namespace {

// An open shards/. A cookie counts the keys before it. Shards that come or go
// meanwhile shift the count, but a reader that only goes forward continues
// after the key it had last, and so meets every other shard exactly once.
class ShardsHandle final : public DirectoryHandle {
 public:
  ShardsHandle(std::shared_ptr<TreeContext> tree, std::uint64_t inode)
      : tree_(std::move(tree)), inode_(inode) {}

  Status read(std::uint64_t cookie, DirectorySink* sink) override {
    KeyBookmarks::Bookmark at = bookmark_before(cookie);
    const auto visit = [&](std::string_view key) {
      if (at.count >= cookie &&
          !sink->add(key, inode_of(inode_, key), NodeType::kDirectory,
                     at.count + 1)) {
        return false;
      }
      at.key.assign(key);
      ++at.count;
      if (at.count % kNoteEvery == 0) note(at);
      return true;
    };
    const std::string after = at.key;
    DAGFS_TRY(tree_->store().for_each_key(after, visit));
    note(at);
    return ok_status();
  }

 private:
  static constexpr std::uint64_t kNoteEvery = 256;

  KeyBookmarks::Bookmark bookmark_before(std::uint64_t cookie) {
    const MutexLock lock(mutex_);
    return bookmarks_.before(cookie);
  }

  void note(const KeyBookmarks::Bookmark& mark) {
    const MutexLock lock(mutex_);
    bookmarks_.note(mark.count, mark.key);
  }

  const std::shared_ptr<TreeContext> tree_;
  const std::uint64_t inode_;
  Mutex mutex_;
  KeyBookmarks bookmarks_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace

Result<Attributes> ShardsNode::attributes() const {
  // How many subdirectories there are nobody counts: 1 tells `find` so.
  return Attributes{.type = NodeType::kDirectory,
                    .permissions = 0555,
                    .links = 1,
                    .mtime = mtime_,
                    .inode = inode_};
}

Result<NodePtr> ShardsNode::lookup(std::string_view name) const {
  const auto key = dagstore::ShardKey::parse(name);
  if (!key.ok()) return NodePtr();
  const auto info = tree_->store().info(*key);
  if (!info.ok()) {
    if (info.error().code() == ErrorCode::kNotFound) return NodePtr();
    return info.error();
  }
  return NodePtr(
      std::make_shared<ShardNode>(tree_->shard(*key), inode_of(inode_, name)));
}

Result<std::unique_ptr<DirectoryHandle>> ShardsNode::open_directory() const {
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<ShardsHandle>(tree_, inode_));
}

KeyBookmarks::Bookmark KeyBookmarks::before(std::uint64_t count) const {
  Bookmark best;
  const auto above = marks_.upper_bound(count);
  if (above != marks_.begin()) {
    const auto& mark = *std::prev(above);
    best = {.count = mark.first, .key = mark.second};
  }
  if (last_.count <= count && last_.count > best.count) best = last_;
  return best;
}

void KeyBookmarks::note(std::uint64_t count, std::string_view key) {
  if (count == 0) return;
  last_ = {.count = count, .key = std::string(key)};
  if (count % spacing_ != 0) return;
  marks_.insert_or_assign(count, std::string(key));
  if (marks_.size() <= kBookmarksMax) return;
  spacing_ *= 2;
  std::erase_if(marks_,
                [&](const auto& mark) { return mark.first % spacing_ != 0; });
}

}  // namespace dagfs::fs
