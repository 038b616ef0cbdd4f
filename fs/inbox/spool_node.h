// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/inbox/spool_tree.h"
#include "fs/writable_node.h"

namespace dagfs::fs {

// A change of a spooled tree that goes on, as its observer knows it.
class SpoolChange {
 public:
  // What the observer refuses with; ESTALE where there is none any more.
  static Result<SpoolChange> begin(const SpoolTree& tree);
  SpoolChange(SpoolChange&&) noexcept = default;
  SpoolChange& operator=(SpoolChange&&) = delete;
  SpoolChange(const SpoolChange&) = delete;
  SpoolChange& operator=(const SpoolChange&) = delete;
  ~SpoolChange() {
    if (observer_ != nullptr) observer_->changed();
  }

  // It did not come about, says the system. Tells the observer where that
  // leaves something incomplete.
  Error refused(int error_number, std::string_view what) const;

 private:
  explicit SpoolChange(std::shared_ptr<SpoolObserver> observer)
      : observer_(std::move(observer)) {}

  std::shared_ptr<SpoolObserver> observer_;
};

// A directory, file or symbolic link of a spool. Made by SpoolTree only.
class SpoolNode final : public WritableNode {
 public:
  struct Identity {
    std::uint64_t inode = 0;  // On the disk.
    std::uint64_t generation = 0;
    NodeType type = NodeType::kFile;
  };

  SpoolNode(std::shared_ptr<SpoolTree> tree, Identity identity)
      : tree_(std::move(tree)), identity_(identity) {}
  SpoolNode(const SpoolNode&) = delete;
  SpoolNode& operator=(const SpoolNode&) = delete;
  ~SpoolNode() override;

  const Identity& identity() const { return identity_; }
  SpoolNodePtr shared() const {
    return std::static_pointer_cast<const SpoolNode>(shared_from_this());
  }

  Result<Attributes> attributes() const override;
  // Everything that changes it comes by the kernel, which knows then.
  Caching caching() const override { return Caching::kShort; }
  // But the time of a directory that was asked for while a name in it changed
  // would pass for the one after that.
  Caching attribute_caching() const override {
    return identity_.type == NodeType::kDirectory ? Caching::kNever
                                                  : Caching::kShort;
  }
  std::shared_ptr<Lane> lane() const override { return tree_->options.lane; }
  std::vector<std::string> attribute_names() const override;
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override;

  Result<NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<DirectoryHandle>> open_directory() const override;
  Result<std::string> read_link() const override;

  Result<Attributes> change(const AttributeChange& change) const override;
  Status set_attribute(std::string_view name, std::string_view value,
                       AttributeMode mode) const override;
  Status remove_attribute(std::string_view name) const override;
  Result<std::optional<Usage>> usage() const override;
  Result<std::unique_ptr<FileHandle>> open(OpenRequest request) const override;
  Result<CreatedFile> create_file(const NewEntry& entry, OpenRequest request,
                                  IfExists if_exists) const override;
  Result<NodePtr> create_directory(const NewEntry& entry) const override;
  Result<NodePtr> create_symlink(const NewEntry& entry,
                                 std::string_view target) const override;
  Status remove_file(std::string_view name) const override;
  Status remove_directory(std::string_view name) const override;
  Status rename(const Renaming& renaming) const override;

 private:
  bool is_top() const;
  Attributes to_attributes(const struct stat& status) const;
  // Gives what was just made in the directory open as `fd` its owner and mode;
  // what it is then.
  Result<struct stat> finish_entry(int fd, const NewEntry& entry,
                                   NodeType type) const;
  Result<SpoolNodePtr> adopt_entry(int fd, const NewEntry& entry,
                                   NodeType type) const;
  Status remove(std::string_view name, int flags) const;

  const std::shared_ptr<SpoolTree> tree_;
  const Identity identity_;
};

}  // namespace dagfs::fs
