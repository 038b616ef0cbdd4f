// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/base/unique_fd.h"
#include "fs/inbox/spool.h"

namespace dagfs::fs {

class SpoolNode;
using SpoolNodePtr = std::shared_ptr<const SpoolNode>;
using SharedFd = std::shared_ptr<const UniqueFd>;

// Where the nodes of one spool are. Nodes are known by the inode they stand
// for, and found through their directory and name, which change when they are
// renamed: whoever looks where one was, and finds it gone or finds another,
// looks where it is now. Descriptors are opened without holding a lock.
//
// Thread-safe.
class SpoolTree : public std::enable_shared_from_this<SpoolTree> {
 public:
  SpoolTree(UniqueFd top, const struct stat& status, SpoolOptions options);
  SpoolTree(const SpoolTree&) = delete;
  SpoolTree& operator=(const SpoolTree&) = delete;

  const SpoolOptions options;

  // The node of what `name` in `directory` was found to be: the one there is,
  // or a new one. kRefused: of a kind that has no node.
  Result<SpoolNodePtr> adopt(const SpoolNode* directory, std::string_view name,
                             const struct stat& status) DAGFS_EXCLUDES(mutex_);
  // For a node's destructor; its directory, which must not die in here.
  SpoolNodePtr forget(const SpoolNode* node) DAGFS_EXCLUDES(mutex_);

  // Attributes::inode of what has that inode on the disk.
  std::uint64_t shown_inode(std::uint64_t inode) const;

  // kRefused: with the system's number; ESTALE: somebody else removed it.
  Result<struct stat> status_of(const SpoolNode& node) DAGFS_EXCLUDES(mutex_);
  // A new descriptor. `flags` as open(2); O_PATH for all but regular files.
  Result<UniqueFd> open(const SpoolNode& node, int flags)
      DAGFS_EXCLUDES(mutex_);
  // An O_PATH descriptor of a directory.
  Result<SharedFd> directory(const SpoolNode& node) DAGFS_EXCLUDES(mutex_);

  // What removes or renames a name does so while one of these lives.
  class Move {
   public:
    explicit Move(SpoolTree& tree);
    Move(const Move&) = delete;
    Move& operator=(const Move&) = delete;
    ~Move();

   private:
    SpoolTree& tree_;
  };

  // What `name` in the directory open as `fd` stands for, if it is known: it
  // is going to lose its name, and gets a descriptor to be found by after that.
  // Null: not known. kRefused.
  Result<SpoolNodePtr> pin(int fd, const std::string& name)
      DAGFS_EXCLUDES(mutex_);
  // It has kept its name after all.
  void unpin(const SpoolNodePtr& node) DAGFS_EXCLUDES(mutex_);
  // It has lost its name.
  void drop(const SpoolNodePtr& node) DAGFS_EXCLUDES(mutex_);
  void place(const SpoolNodePtr& node, const SpoolNode& directory,
             std::string_view name) DAGFS_EXCLUDES(mutex_);
  // The node of an inode, if it is known.
  SpoolNodePtr find(std::uint64_t inode) const DAGFS_EXCLUDES(mutex_);

 private:
  // What is known of a node, apart from what never changes.
  struct Entry {
    std::weak_ptr<const SpoolNode> node;
    SpoolNodePtr parent;  // Null: the top, or nameless.
    std::string name;
    SharedFd pinned;  // Of the node itself; always there of what has no name.
    SharedFd directory;  // Remembered for the next look-up in it.
  };
  struct Place {
    std::uint64_t inode = 0;
    SpoolNodePtr parent;
    std::string name;
    SharedFd pinned;
    SharedFd directory;
    std::uint64_t version = 0;
  };

  Place place_of(const SpoolNode& node) const DAGFS_EXCLUDES(mutex_);
  // Whether names were moved since then; waits for moves that go on.
  bool has_moved_since(std::uint64_t version) DAGFS_EXCLUDES(mutex_);
  // One try of directory().
  Result<SharedFd> walk_to(Place place) DAGFS_EXCLUDES(mutex_);
  void remember_directory(const Place& place, const SharedFd& fd)
      DAGFS_EXCLUDES(mutex_);
  // The descriptor of what is called `name` in `parent`, if it is that inode.
  Result<UniqueFd> open_entry(const UniqueFd& parent, const Place& place,
                              int flags) const;
  SpoolNodePtr find_locked(std::uint64_t inode) const DAGFS_REQUIRES(mutex_);

  const dev_t device_;
  const std::uint64_t top_inode_;  // On the disk.

  mutable Mutex mutex_;
  ConditionVariable moved_;
  std::uint64_t version_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t moving_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_generation_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::unordered_map<const SpoolNode*, Entry> entries_ DAGFS_GUARDED_BY(mutex_);
  // Of all that have a name.
  std::unordered_map<std::uint64_t, const SpoolNode*> by_inode_
      DAGFS_GUARDED_BY(mutex_);
  // Whose directory is remembered, the oldest first.
  std::deque<std::weak_ptr<const SpoolNode>> remembered_
      DAGFS_GUARDED_BY(mutex_);
  SharedFd top_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
