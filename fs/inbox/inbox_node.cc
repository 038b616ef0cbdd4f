// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inbox/inbox_node.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "car/base/unique_fd.h"
#include "fs/inbox/spool.h"
#include "fs/inbox/submission_node.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/listed_directory.h"

namespace dagfs::fs {
namespace {

using dagstore::Durability;
using dagstore::Inbox;
using dagstore::SubmissionKind;
using dagstore::SubmissionRecord;
using dagstore::SubmissionState;

timespec start_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

bool is_sealed(const dagstore::Submission& submission) {
  return submission.state() == SubmissionState::kSealed;
}

NodeType type_of(const dagstore::Submission& submission) {
  if (is_sealed(submission)) return NodeType::kSymlink;
  return submission.looks_like_directory() ? NodeType::kDirectory
                                           : NodeType::kFile;
}

}  // namespace

InboxNode::InboxNode(Inbox& inbox, std::uint64_t inode)
    : inbox_(inbox), inode_(inode), started_at_(start_time()) {}

Result<Attributes> InboxNode::attributes() const {
  return Attributes{.type = NodeType::kDirectory,
                    .permissions = 0755,
                    .mtime = started_at_,
                    .inode = inode_};
}

Result<Attributes> InboxNode::change(const AttributeChange& change) const {
  // `cp -a DIR/. inbox/` sets them last; there is nothing to keep them in.
  if (change.size) return refusal(EISDIR, "truncate");
  return attributes();
}

Result<std::optional<Usage>> InboxNode::usage() const {
  struct statvfs status {};
  if (::statvfs(inbox_.folder().c_str(), &status) != 0) {
    return error_from_errno(errno, inbox_.folder());
  }
  const std::uint64_t block = status.f_frsize;
  return std::optional<Usage>({.bytes = status.f_blocks * block,
                               .bytes_free = status.f_bavail * block,
                               .files = status.f_files});
}

std::uint64_t InboxNode::inode_of_child(const dagstore::Submission& submission,
                                        bool is_link) const {
  return inode_of(inode_,
                  fmt::format("{}{}", submission.id(), is_link ? " link" : ""));
}

void InboxNode::forget_gone() const {
  std::erase_if(children_,
                [](const auto& entry) { return entry.second.node.expired(); });
}

Result<NodePtr> InboxNode::make_node(const Inbox::SubmissionPtr& submission,
                                     Child* child) const {
  child->is_link = is_sealed(*submission);
  const std::uint64_t inode = inode_of_child(*submission, child->is_link);
  if (child->is_link) {
    return NodePtr(
        std::make_shared<ShardLinkNode>(submission->record(), inode));
  }
  if (auto file =
          std::dynamic_pointer_cast<dagstore::FileSubmission>(submission)) {
    return NodePtr(
        std::make_shared<SubmissionFileNode>(std::move(file), inode));
  }
  const auto directory =
      std::dynamic_pointer_cast<dagstore::DirectorySubmission>(submission);
  child->observer = std::make_shared<SubmissionObserver>(submission);
  UniqueFd tree(::open(directory->tree().c_str(),
                       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!tree) return error_from_errno(errno, directory->tree());
  return NodePtr(
      DAGFS_TRY(open_spool(std::move(tree), {.inode = inode,
                                             .lane = std::make_shared<Lane>(),
                                             .observer = child->observer})));
}

Result<NodePtr> InboxNode::node_of(
    const Inbox::SubmissionPtr& submission) const {
  NodePtr node;  // Dies unlocked.
  const MutexLock lock(mutex_);
  const auto [place, is_new] = children_.try_emplace(submission->id());
  Child& child = place->second;
  node = child.node.lock();
  if (node != nullptr && child.is_link == is_sealed(*submission)) return node;
  child = {};
  auto made = make_node(submission, &child);
  if (!made.ok()) {
    children_.erase(submission->id());
    return made;
  }
  child.node = *made;
  if (is_new && children_.size() % 256 == 0) forget_gone();
  return made;
}

Result<NodePtr> InboxNode::lookup(std::string_view name) const {
  const Inbox::SubmissionPtr submission = inbox_.find(name);
  if (submission == nullptr) return NodePtr();
  return node_of(submission);
}

Result<std::unique_ptr<DirectoryHandle>> InboxNode::open_directory() const {
  std::vector<DirectoryEntry> entries;
  for (const Inbox::SubmissionPtr& submission : inbox_.list()) {
    entries.push_back(
        {.name = submission->record().name,
         .inode = inode_of_child(*submission, is_sealed(*submission)),
         .type = type_of(*submission)});
  }
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<ListedDirectoryHandle>(std::move(entries)));
}

Result<CreatedFile> InboxNode::create_file(const NewEntry& entry,
                                           OpenRequest request,
                                           IfExists if_exists) const {
  auto made = inbox_.create_file({.name = std::string(entry.name),
                                  .kind = SubmissionKind::kFile,
                                  .permissions = entry.permissions,
                                  .uid = entry.uid,
                                  .gid = entry.gid,
                                  .mtime = start_time()});
  Inbox::SubmissionPtr submission;
  if (made.ok()) {
    submission = *std::move(made);
  } else {
    submission = inbox_.find(entry.name);
    if (if_exists == IfExists::kFail || submission == nullptr) {
      return made.error();
    }
  }
  NodePtr node = DAGFS_TRY(node_of(submission));
  const WritableNode* writable = node->writable();
  if (writable == nullptr) return refusal(EEXIST, "it is sealed");
  auto handle = DAGFS_TRY(writable->open(request));
  return CreatedFile{std::move(node), std::move(handle)};
}

Result<NodePtr> InboxNode::create_directory(const NewEntry& entry) const {
  const auto directory =
      DAGFS_TRY(inbox_.create_directory(std::string(entry.name)));
  NodePtr node = DAGFS_TRY(node_of(directory));
  DAGFS_TRY(node->writable()->change(
      {.permissions = entry.permissions, .uid = entry.uid, .gid = entry.gid}));
  return node;
}

Result<NodePtr> InboxNode::create_symlink(const NewEntry& /*entry*/,
                                          std::string_view /*target*/) const {
  return refusal(EPERM, "a symbolic link is no submission");
}

Status InboxNode::remove_file(std::string_view name) const {
  const Inbox::SubmissionPtr submission = inbox_.find(name);
  if (submission == nullptr) return refusal(ENOENT, "remove");
  if (submission->looks_like_directory()) return refusal(EISDIR, "remove");
  return inbox_.remove(std::string(name), false);
}

Status InboxNode::remove_directory(std::string_view name) const {
  const Inbox::SubmissionPtr submission = inbox_.find(name);
  if (submission == nullptr) return refusal(ENOENT, "remove");
  if (!submission->looks_like_directory()) return refusal(ENOTDIR, "remove");
  return inbox_.remove(std::string(name), false);
}

Status InboxNode::rename(const Renaming& renaming) const {
  if (&renaming.new_directory != this) return refusal(EXDEV, "rename");
  if (renaming.mode == RenameMode::kExchange) {
    return refusal(EINVAL, "submissions do not change places");
  }
  return inbox_.rename(
      std::string(renaming.name), std::string(renaming.new_name),
      renaming.mode == RenameMode::kNoReplace ? Inbox::Replace::kNever
                                              : Inbox::Replace::kYes);
}

}  // namespace dagfs::fs
