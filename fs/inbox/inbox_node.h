// SPDX-License-Identifier: Apache-2.0 OR MIT

// The directory inbox/ of a mount: whatever is written there becomes a shard.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "car/base/mutex.h"
#include "dagstore/ingest/inbox.h"
#include "fs/lane.h"
#include "fs/writable_node.h"

namespace dagfs::fs {

// Each child is a submission: a file, a directory (open_spool), or, once it is
// sealed, a symbolic link to its shard. Children cannot be moved elsewhere, nor
// what is inside of them here (EXDEV); symbolic links cannot be made here
// (EPERM), only inside of directories.
class InboxNode final : public WritableNode {
 public:
  // `inbox` outlives the node and all below it.
  InboxNode(dagstore::Inbox& inbox, std::uint64_t inode);

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kNever; }
  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;
  Result<std::optional<Usage>> usage() const override;

  Result<Attributes> change(const AttributeChange& change) const override;
  Result<CreatedFile> create_file(const NewEntry& entry, OpenRequest request,
                                  IfExists if_exists) const override;
  Result<NodePtr> create_directory(const NewEntry& entry) const override;
  Result<NodePtr> create_symlink(const NewEntry& entry,
                                 std::string_view target) const override;
  Status remove_file(std::string_view name) const override;
  Status remove_directory(std::string_view name) const override;
  Status rename(const Renaming& renaming) const override;

 private:
  // The node of a submission as it is now, and who watches it.
  struct Child {
    std::weak_ptr<const Node> node;
    bool is_link = false;
    std::shared_ptr<class SubmissionObserver> observer;
  };

  Result<NodePtr> node_of(const dagstore::Inbox::SubmissionPtr& submission)
      const DAGFS_EXCLUDES(mutex_);
  Result<NodePtr> make_node(const dagstore::Inbox::SubmissionPtr& submission,
                            Child* child) const DAGFS_REQUIRES(mutex_);
  std::uint64_t inode_of_child(const dagstore::Submission& submission,
                               bool is_link) const;
  void forget_gone() const DAGFS_REQUIRES(mutex_);

  dagstore::Inbox& inbox_;
  const std::uint64_t inode_;
  const timespec started_at_;
  mutable Mutex mutex_;
  mutable std::map<std::uint64_t, Child> children_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
