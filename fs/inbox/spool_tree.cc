// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inbox/spool_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "fs/inbox/spool_node.h"
#include "fs/nodes/inode_number.h"

namespace dagfs::fs {
namespace {

// Of one tree. More than any path that programs work in has components, so that
// they are walked once.
constexpr std::size_t kDirectoriesRemembered = 64;

std::optional<NodeType> node_type(mode_t mode) {
  if (S_ISDIR(mode)) return NodeType::kDirectory;
  if (S_ISREG(mode)) return NodeType::kFile;
  if (S_ISLNK(mode)) return NodeType::kSymlink;
  return std::nullopt;
}

// What is meant when the system says that `error` happened to a name that we
// know to be there.
int error_of_known(int error) { return error == ENOENT ? ESTALE : error; }

Result<UniqueFd> open_again(const UniqueFd& fd, int flags) {
  const int opened =
      (flags & O_PATH) != 0
          ? ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)
          : ::open(("/proc/self/fd/" + std::to_string(fd.get())).c_str(),
                   flags | O_CLOEXEC);
  if (opened < 0) return refusal(errno, "open what has no name");
  return UniqueFd(opened);
}

}  // namespace

SpoolTree::SpoolTree(UniqueFd top, const struct stat& status,
                     SpoolOptions spool_options)
    : options(std::move(spool_options)),
      device_(status.st_dev),
      top_inode_(status.st_ino),
      top_(std::make_shared<const UniqueFd>(std::move(top))) {}

SpoolTree::Move::Move(SpoolTree& tree) : tree_(tree) {
  const MutexLock lock(tree_.mutex_);
  ++tree_.moving_;
}

SpoolTree::Move::~Move() {
  const MutexLock lock(tree_.mutex_);
  --tree_.moving_;
  ++tree_.version_;
  tree_.moved_.notify_all();
}

bool SpoolTree::has_moved_since(std::uint64_t version) {
  const MutexLock lock(mutex_);
  while (moving_ > 0 && version_ == version) moved_.wait(mutex_);
  return version_ != version;
}

SpoolNodePtr SpoolTree::find_locked(std::uint64_t inode) const {
  const auto found = by_inode_.find(inode);
  if (found == by_inode_.end()) return nullptr;
  return entries_.at(found->second).node.lock();
}

SpoolNodePtr SpoolTree::find(std::uint64_t inode) const {
  const MutexLock lock(mutex_);
  return find_locked(inode);
}

Result<SpoolNodePtr> SpoolTree::adopt(const SpoolNode* directory,
                                      std::string_view name,
                                      const struct stat& status) {
  const auto type = node_type(status.st_mode);
  if (!type) return refusal(EPERM, "use a device or fifo");
  if (status.st_dev != device_) return refusal(EXDEV, "cross a mount point");

  const SpoolNodePtr parent =
      directory == nullptr ? nullptr : directory->shared();
  const MutexLock lock(mutex_);
  SpoolNodePtr node = find_locked(status.st_ino);
  if (node != nullptr) return node;

  node = std::make_shared<const SpoolNode>(
      shared_from_this(), SpoolNode::Identity{.inode = status.st_ino,
                                              .generation = ++last_generation_,
                                              .type = *type});
  Entry entry{.node = node,
              .parent = parent,
              .name = std::string(name),
              .pinned = nullptr,
              .directory = nullptr};
  if (parent == nullptr) entry.pinned = top_;
  by_inode_[status.st_ino] = node.get();
  entries_.emplace(node.get(), std::move(entry));
  return node;
}

SpoolNodePtr SpoolTree::forget(const SpoolNode* node) {
  Entry gone;  // Dies after the lock: it may close files.
  const MutexLock lock(mutex_);
  const auto entry = entries_.find(node);
  if (entry == entries_.end()) return nullptr;
  gone = std::move(entry->second);
  entries_.erase(entry);
  // Somebody may have found the inode again since the last owner let go.
  const auto named = by_inode_.find(node->identity().inode);
  if (named != by_inode_.end() && named->second == node) {
    by_inode_.erase(named);
  }
  return std::move(gone.parent);
}

std::uint64_t SpoolTree::shown_inode(std::uint64_t inode) const {
  if (inode == top_inode_) return options.inode;
  return inode_of(options.inode,
                  {reinterpret_cast<const char*>(&inode), sizeof(inode)});
}

SpoolTree::Place SpoolTree::place_of(const SpoolNode& node) const {
  const MutexLock lock(mutex_);
  const Entry& entry = entries_.at(&node);
  return {.inode = node.identity().inode,
          .parent = entry.parent,
          .name = entry.name,
          .pinned = entry.pinned,
          .directory = entry.directory,
          .version = version_};
}

Result<UniqueFd> SpoolTree::open_entry(const UniqueFd& parent,
                                       const Place& place, int flags) const {
  UniqueFd fd(::openat(parent.get(), place.name.c_str(),
                       flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return refusal(error_of_known(errno), "open " + place.name);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) {
    return refusal(errno, "look at " + place.name);
  }
  if (status.st_ino != place.inode || status.st_dev != device_) {
    return refusal(ESTALE, "find " + place.name);
  }
  return fd;
}

Result<UniqueFd> SpoolTree::open(const SpoolNode& node, int flags) {
  for (;;) {
    const Place place = place_of(node);
    if (place.pinned != nullptr) return open_again(*place.pinned, flags);

    const SharedFd parent = DAGFS_TRY(directory(*place.parent));
    auto opened = open_entry(*parent, place, flags);
    if (opened.ok() || !has_moved_since(place.version)) return opened;
  }
}

Result<struct stat> SpoolTree::status_of(const SpoolNode& node) {
  for (;;) {
    const Place place = place_of(node);
    struct stat status = {};
    if (place.pinned != nullptr) {
      if (::fstat(place.pinned->get(), &status) == 0) return status;
      return refusal(errno, "look at what has no name");
    }
    const SharedFd parent = DAGFS_TRY(directory(*place.parent));
    int error = 0;
    if (::fstatat(parent->get(), place.name.c_str(), &status,
                  AT_SYMLINK_NOFOLLOW) != 0) {
      error = error_of_known(errno);
    } else if (status.st_ino != place.inode || status.st_dev != device_) {
      error = ESTALE;
    }
    if (error == 0) return status;
    if (!has_moved_since(place.version)) {
      return refusal(error, "look at " + place.name);
    }
  }
}

Result<SharedFd> SpoolTree::directory(const SpoolNode& node) {
  for (;;) {
    Place place = place_of(node);
    if (place.pinned != nullptr) return place.pinned;
    if (place.directory != nullptr) return place.directory;
    const std::uint64_t version = place.version;
    auto walked = walk_to(std::move(place));
    if (walked.ok() || !has_moved_since(version)) return walked;
  }
}

Result<SharedFd> SpoolTree::walk_to(Place place) {
  // Up to the first that is known, and down again; not by recursion, as trees
  // may be deeper than a thread's stack.
  std::vector<Place> way;
  while (place.pinned == nullptr && place.directory == nullptr) {
    way.push_back(std::move(place));
    place = place_of(*way.back().parent);
  }
  SharedFd fd = place.pinned != nullptr ? place.pinned : place.directory;
  for (; !way.empty(); way.pop_back()) {
    const Place& step = way.back();
    fd = std::make_shared<const UniqueFd>(
        DAGFS_TRY(open_entry(*fd, step, O_PATH | O_DIRECTORY)));
    remember_directory(step, fd);
  }
  return fd;
}

void SpoolTree::remember_directory(const Place& place, const SharedFd& fd) {
  // All of these may die with this function, and must not do so in the lock.
  SharedFd displaced;
  SpoolNodePtr oldest;
  SpoolNodePtr node;
  const MutexLock lock(mutex_);
  node = find_locked(place.inode);
  if (node == nullptr) return;
  Entry& entry = entries_.at(node.get());
  if (entry.directory != nullptr) return;
  entry.directory = fd;
  remembered_.push_back(node);
  if (remembered_.size() <= kDirectoriesRemembered) return;
  oldest = remembered_.front().lock();
  remembered_.pop_front();
  if (oldest == nullptr) return;
  displaced = std::move(entries_.at(oldest.get()).directory);
}

Result<SpoolNodePtr> SpoolTree::pin(int fd, const std::string& name) {
  auto opened = std::make_shared<const UniqueFd>(
      ::openat(fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!*opened) return refusal(errno, "open " + name);
  struct stat status = {};
  if (::fstat(opened->get(), &status) != 0) {
    return refusal(errno, "look at " + name);
  }
  const MutexLock lock(mutex_);
  SpoolNodePtr node = find_locked(status.st_ino);
  if (node != nullptr) {
    entries_.at(node.get()).pinned = std::move(opened);
  }
  return node;
}

void SpoolTree::unpin(const SpoolNodePtr& node) {
  if (node == nullptr) return;
  SharedFd unused;
  const MutexLock lock(mutex_);
  unused = std::move(entries_.at(node.get()).pinned);
}

void SpoolTree::drop(const SpoolNodePtr& node) {
  if (node == nullptr) return;
  SpoolNodePtr parent;  // Dies after the lock, which its end takes.
  const MutexLock lock(mutex_);
  by_inode_.erase(node->identity().inode);
  Entry& entry = entries_.at(node.get());
  parent = std::move(entry.parent);
  entry.name.clear();
}

void SpoolTree::place(const SpoolNodePtr& node, const SpoolNode& directory,
                      std::string_view name) {
  if (node == nullptr) return;
  SpoolNodePtr parent = directory.shared();
  const MutexLock lock(mutex_);
  Entry& entry = entries_.at(node.get());
  entry.name = name;
  entry.parent.swap(parent);
}

}  // namespace dagfs::fs
