// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inbox/spool_node.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "fs/inbox/spool_handle.h"

namespace dagfs::fs {
namespace {

constexpr mode_t kSpoolPermissionBits = 07777;
constexpr std::uint64_t kStatUnit = 512;  // Of st_blocks.

int access_flags(Access access) {
  switch (access) {
    case Access::kRead: return O_RDONLY;
    case Access::kWrite: return O_WRONLY;
    case Access::kReadWrite: return O_RDWR;
  }
  return O_RDONLY;
}

unsigned rename_flags(RenameMode mode) {
  switch (mode) {
    case RenameMode::kReplace: return 0;
    case RenameMode::kNoReplace: return RENAME_NOREPLACE;
    case RenameMode::kExchange: return RENAME_EXCHANGE;
  }
  return 0;
}

// The kernel lets no other names through; what else calls is not to leave the
// directory either.
Status check_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." ||
      name.find('/') != std::string_view::npos ||
      name.find('\0') != std::string_view::npos) {
    return refusal(EINVAL, "use a name");
  }
  return ok_status();
}

// For what has no call that takes a descriptor opened with O_PATH.
std::string path_of(const UniqueFd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

Status change_size(const UniqueFd& fd, const AttributeChange& change) {
  if (!change.size) return ok_status();
  if (::truncate(path_of(fd).c_str(), static_cast<off_t>(*change.size)) == 0) {
    return ok_status();
  }
  return refusal(errno, "truncate");
}

Status change_owner(const UniqueFd& fd, const AttributeChange& change) {
  if (!change.uid && !change.gid) return ok_status();
  constexpr auto kSameUid = static_cast<uid_t>(-1);
  constexpr auto kSameGid = static_cast<gid_t>(-1);
  if (::fchownat(fd.get(), "", change.uid.value_or(kSameUid),
                 change.gid.value_or(kSameGid), AT_EMPTY_PATH) == 0) {
    return ok_status();
  }
  return refusal(errno, "change the owner");
}

Status change_permissions(const UniqueFd& fd, const AttributeChange& change) {
  if (!change.permissions) return ok_status();
  if (::chmod(path_of(fd).c_str(), *change.permissions) == 0) {
    return ok_status();
  }
  return refusal(errno, "change the mode");
}

Status change_times(const UniqueFd& fd, const AttributeChange& change) {
  if (!change.atime && !change.mtime) return ok_status();
  constexpr timespec kSameTime = {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
  const std::array<timespec, 2> times = {change.atime.value_or(kSameTime),
                                         change.mtime.value_or(kSameTime)};
  if (::utimensat(fd.get(), "", times.data(), AT_EMPTY_PATH) == 0) {
    return ok_status();
  }
  return refusal(errno, "change times");
}

}  // namespace

Result<SpoolChange> SpoolChange::begin(const SpoolTree& tree) {
  auto observer = tree.options.observer.lock();
  if (observer == nullptr) return refusal(ESTALE, "change what is complete");
  DAGFS_TRY(observer->begin_change());
  return SpoolChange(std::move(observer));
}

Error SpoolChange::refused(int error_number, std::string_view what) const {
  Error error = refusal(error_number, what);
  const bool is_of_the_disk =
      error_number == ENOSPC || error_number == EDQUOT || error_number == EIO;
  if (is_of_the_disk) observer_->lost(error);
  return error;
}

SpoolNode::~SpoolNode() {
  // One after the other, not inside each other: a chain of directories may be
  // longer than a thread's stack.
  thread_local std::vector<SpoolNodePtr> to_release;
  thread_local bool is_releasing = false;
  to_release.push_back(tree_->forget(this));
  if (is_releasing) return;
  is_releasing = true;
  while (!to_release.empty()) {
    SpoolNodePtr next = std::move(to_release.back());
    to_release.pop_back();
    next.reset();
  }
  is_releasing = false;
}

bool SpoolNode::is_top() const {
  return tree_->shown_inode(identity_.inode) == tree_->options.inode;
}

Attributes SpoolNode::to_attributes(const struct stat& status) const {
  return {
      .type = identity_.type,
      .permissions = status.st_mode & kSpoolPermissionBits,
      .size = static_cast<std::uint64_t>(status.st_size),
      .links = status.st_nlink,
      .mtime = status.st_mtim,
      .inode = tree_->shown_inode(identity_.inode),
      .generation = identity_.generation,
      .uid = status.st_uid,
      .gid = status.st_gid,
      .atime = status.st_atim,
      .ctime = status.st_ctim,
      .allocated = static_cast<std::uint64_t>(status.st_blocks) * kStatUnit};
}

Result<Attributes> SpoolNode::attributes() const {
  return to_attributes(DAGFS_TRY(tree_->status_of(*this)));
}

std::vector<std::string> SpoolNode::attribute_names() const {
  const auto observer = tree_->options.observer.lock();
  if (observer == nullptr || !is_top()) return {};
  return observer->attribute_names();
}

Result<std::optional<std::string>> SpoolNode::attribute(
    std::string_view name) const {
  const auto observer = tree_->options.observer.lock();
  if (observer == nullptr || !is_top()) return std::optional<std::string>();
  return observer->attribute(name);
}

Status SpoolNode::set_attribute(std::string_view name, std::string_view value,
                                AttributeMode mode) const {
  const auto observer = tree_->options.observer.lock();
  if (observer == nullptr || !is_top()) {
    return WritableNode::set_attribute(name, value, mode);
  }
  return observer->set_attribute(name, value, mode);
}

Status SpoolNode::remove_attribute(std::string_view name) const {
  const auto observer = tree_->options.observer.lock();
  if (observer == nullptr || !is_top()) {
    return WritableNode::remove_attribute(name);
  }
  return observer->remove_attribute(name);
}

Status SpoolObserver::set_attribute(std::string_view /*name*/,
                                    std::string_view /*value*/,
                                    AttributeMode /*mode*/) {
  return refusal(EOPNOTSUPP, "set an extended attribute");
}

Status SpoolObserver::remove_attribute(std::string_view /*name*/) {
  return refusal(EOPNOTSUPP, "remove an extended attribute");
}

Result<NodePtr> SpoolNode::lookup(std::string_view name) const {
  DAGFS_TRY(check_name(name));
  const SharedFd fd = DAGFS_TRY(tree_->directory(*this));
  const std::string asked(name);
  struct stat status = {};
  if (::fstatat(fd->get(), asked.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return NodePtr();
    return refusal(errno, "look up " + asked);
  }
  return NodePtr(DAGFS_TRY(tree_->adopt(this, name, status)));
}

Result<std::unique_ptr<DirectoryHandle>> SpoolNode::open_directory() const {
  const SharedFd fd = DAGFS_TRY(tree_->directory(*this));
  UniqueFd opened(::openat(fd->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return refusal(errno, "open a spooled directory");
  return SpoolDirectoryHandle::open(tree_, std::move(opened));
}

Result<std::string> SpoolNode::read_link() const {
  const UniqueFd fd = DAGFS_TRY(tree_->open(*this, O_PATH));
  std::array<char, 4096> target = {};  // PATH_MAX.
  const ssize_t size = ::readlinkat(fd.get(), "", target.data(), target.size());
  if (size < 0) return refusal(errno, "read a spooled link");
  return std::string(target.data(), static_cast<std::size_t>(size));
}

Result<Attributes> SpoolNode::change(const AttributeChange& wanted) const {
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  const UniqueFd fd = DAGFS_TRY(tree_->open(*this, O_PATH));
  DAGFS_TRY(change_size(fd, wanted));
  // Takes set-user-ID bits off, which a mode may then set again.
  DAGFS_TRY(change_owner(fd, wanted));
  DAGFS_TRY(change_permissions(fd, wanted));
  DAGFS_TRY(change_times(fd, wanted));
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return refusal(errno, "look again");
  return to_attributes(status);
}

Result<std::optional<Usage>> SpoolNode::usage() const {
  const UniqueFd fd = DAGFS_TRY(tree_->open(*this, O_PATH));
  struct statvfs disk = {};
  if (::fstatvfs(fd.get(), &disk) != 0) return refusal(errno, "statfs");
  return std::optional<Usage>({.bytes = disk.f_blocks * disk.f_frsize,
                               .bytes_free = disk.f_bavail * disk.f_frsize,
                               .files = disk.f_files});
}

Result<std::unique_ptr<FileHandle>> SpoolNode::open(OpenRequest request) const {
  if (identity_.type != NodeType::kFile) {
    return refusal(identity_.type == NodeType::kDirectory ? EISDIR : ELOOP,
                   "open");
  }
  UniqueFd fd = DAGFS_TRY(tree_->open(*this, access_flags(request.access)));
  if (request.truncate) {
    const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
    if (::ftruncate(fd.get(), 0) != 0) return refusal(errno, "truncate");
  }
  return std::unique_ptr<FileHandle>(
      std::make_unique<SpoolFileHandle>(tree_, std::move(fd)));
}

Result<struct stat> SpoolNode::finish_entry(int fd, const NewEntry& entry,
                                            NodeType type) const {
  const std::string name(entry.name);
  struct stat made = {};
  if (::fstatat(fd, name.c_str(), &made, AT_SYMLINK_NOFOLLOW) != 0) {
    return refusal(errno, "look at what was made");
  }
  // Only root may give away files; for others they are their own anyway.
  const bool changes_owner = ::geteuid() == 0 && (made.st_uid != entry.uid ||
                                                  made.st_gid != entry.gid);
  if (changes_owner) {
    struct stat parent = {};
    if (::fstat(fd, &parent) != 0) return refusal(errno, "look around");
    const bool inherits_group = (parent.st_mode & S_ISGID) != 0;
    if (::fchownat(fd, name.c_str(), entry.uid,
                   inherits_group ? made.st_gid : entry.gid,
                   AT_SYMLINK_NOFOLLOW) != 0) {
      return refusal(errno, "give to its owner");
    }
  }
  // The umask of this process is not the caller's; and a change of owner takes
  // bits off. Set-group-ID that a directory inherits stays.
  const mode_t inherited =
      type == NodeType::kDirectory ? made.st_mode & S_ISGID : 0;
  const mode_t wanted = entry.permissions | inherited;
  const bool changes_mode =
      type != NodeType::kSymlink &&
      (changes_owner || (made.st_mode & kSpoolPermissionBits) != wanted);
  if (changes_mode && ::fchmodat(fd, name.c_str(), wanted, 0) != 0) {
    return refusal(errno, "set the mode");
  }
  if ((changes_owner || changes_mode) &&
      ::fstatat(fd, name.c_str(), &made, AT_SYMLINK_NOFOLLOW) != 0) {
    return refusal(errno, "look at what was made");
  }
  return made;
}

Result<SpoolNodePtr> SpoolNode::adopt_entry(int fd, const NewEntry& entry,
                                            NodeType type) const {
  const auto finished = finish_entry(fd, entry, type);
  if (finished.ok()) return tree_->adopt(this, entry.name, *finished);
  ::unlinkat(fd, std::string(entry.name).c_str(),
             type == NodeType::kDirectory ? AT_REMOVEDIR : 0);
  return finished.error();
}

Result<CreatedFile> SpoolNode::create_file(const NewEntry& entry,
                                           OpenRequest request,
                                           IfExists if_exists) const {
  DAGFS_TRY(check_name(entry.name));
  const std::string name(entry.name);
  const SharedFd directory = DAGFS_TRY(tree_->directory(*this));
  CreatedFile created;
  {
    const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
    UniqueFd fd(::openat(directory->get(), name.c_str(),
                         access_flags(request.access) | O_CREAT | O_EXCL |
                             O_NOFOLLOW | O_CLOEXEC,
                         entry.permissions));
    if (fd) {
      created.node =
          DAGFS_TRY(adopt_entry(directory->get(), entry, NodeType::kFile));
      created.handle = std::make_unique<SpoolFileHandle>(tree_, std::move(fd));
      return created;
    }
    if (errno != EEXIST || if_exists == IfExists::kFail) {
      return change.refused(errno, "create " + name);
    }
  }
  created.node = DAGFS_TRY(lookup(name));
  if (created.node == nullptr) return refusal(ENOENT, "open " + name);
  created.handle = DAGFS_TRY(created.node->writable()->open(request));
  return created;
}

Result<NodePtr> SpoolNode::create_directory(const NewEntry& entry) const {
  DAGFS_TRY(check_name(entry.name));
  const std::string name(entry.name);
  const SharedFd directory = DAGFS_TRY(tree_->directory(*this));
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  if (::mkdirat(directory->get(), name.c_str(), entry.permissions) != 0) {
    return change.refused(errno, "make the directory " + name);
  }
  return NodePtr(
      DAGFS_TRY(adopt_entry(directory->get(), entry, NodeType::kDirectory)));
}

Result<NodePtr> SpoolNode::create_symlink(const NewEntry& entry,
                                          std::string_view target) const {
  DAGFS_TRY(check_name(entry.name));
  const std::string name(entry.name);
  const SharedFd directory = DAGFS_TRY(tree_->directory(*this));
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  if (::symlinkat(std::string(target).c_str(), directory->get(),
                  name.c_str()) != 0) {
    return change.refused(errno, "make the link " + name);
  }
  return NodePtr(
      DAGFS_TRY(adopt_entry(directory->get(), entry, NodeType::kSymlink)));
}

Status SpoolNode::remove(std::string_view name, int flags) const {
  DAGFS_TRY(check_name(name));
  const std::string asked(name);
  const SharedFd directory = DAGFS_TRY(tree_->directory(*this));
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  const SpoolTree::Move move(*tree_);
  const SpoolNodePtr node = DAGFS_TRY(tree_->pin(directory->get(), asked));
  if (::unlinkat(directory->get(), asked.c_str(), flags) != 0) {
    const int error = errno;
    tree_->unpin(node);
    return refusal(error, "remove " + asked);
  }
  tree_->drop(node);
  return ok_status();
}

Status SpoolNode::remove_file(std::string_view name) const {
  return remove(name, 0);
}

Status SpoolNode::remove_directory(std::string_view name) const {
  return remove(name, AT_REMOVEDIR);
}

Status SpoolNode::rename(const Renaming& renaming) const {
  DAGFS_TRY(check_name(renaming.name));
  DAGFS_TRY(check_name(renaming.new_name));
  const auto* to = dynamic_cast<const SpoolNode*>(&renaming.new_directory);
  if (to == nullptr || to->tree_ != tree_) {
    return refusal(EXDEV, "rename into another submission");
  }
  const std::string name(renaming.name);
  const std::string new_name(renaming.new_name);
  const SharedFd from_fd = DAGFS_TRY(tree_->directory(*this));
  const SharedFd to_fd = DAGFS_TRY(tree_->directory(*to));
  const SpoolChange change = DAGFS_TRY(SpoolChange::begin(*tree_));
  const SpoolTree::Move move(*tree_);

  struct stat moved = {};
  if (::fstatat(from_fd->get(), name.c_str(), &moved, AT_SYMLINK_NOFOLLOW) !=
      0) {
    return refusal(errno, "rename " + name);
  }
  struct stat replaced = {};
  const bool is_taken = ::fstatat(to_fd->get(), new_name.c_str(), &replaced,
                                  AT_SYMLINK_NOFOLLOW) == 0;
  const bool loses_name = is_taken && renaming.mode == RenameMode::kReplace &&
                          replaced.st_ino != moved.st_ino;
  SpoolNodePtr loser;
  if (loses_name) loser = DAGFS_TRY(tree_->pin(to_fd->get(), new_name));

  if (::renameat2(from_fd->get(), name.c_str(), to_fd->get(), new_name.c_str(),
                  rename_flags(renaming.mode)) != 0) {
    const int error = errno;
    tree_->unpin(loser);
    return change.refused(error, "rename " + name);
  }
  tree_->drop(loser);
  tree_->place(tree_->find(moved.st_ino), *to, new_name);
  if (renaming.mode == RenameMode::kExchange) {
    tree_->place(tree_->find(replaced.st_ino), *this, name);
  }
  return ok_status();
}

Result<std::shared_ptr<const WritableNode>> open_spool(UniqueFd directory,
                                                       SpoolOptions options) {
  struct stat status = {};
  if (::fstat(directory.get(), &status) != 0) {
    return error_from_errno(errno, "look at a spool");
  }
  if (!S_ISDIR(status.st_mode)) {
    return Error(ErrorCode::kInvalidArgument, "a spool is a directory");
  }
  const auto tree = std::make_shared<SpoolTree>(std::move(directory), status,
                                                std::move(options));
  const SpoolNodePtr top = DAGFS_TRY(tree->adopt(nullptr, "", status));
  return std::shared_ptr<const WritableNode>(top);
}

}  // namespace dagfs::fs
