// SPDX-License-Identifier: Apache-2.0 OR MIT

// A writable tree in memory, for what only needs something to write to.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/mutex.h"
#include "fs/lane.h"
#include "fs/writable_node.h"
#include "tests/support/fake_nodes.h"

namespace dagfs::tests {

// What a tree of them has in common. Set before it is shown.
struct MemoryOptions {
  // Files only count what they are given.
  bool discards = false;
  bool is_direct = true;
  std::shared_ptr<fs::Lane> lane;
  // Each write waits here until it is let through or the writer gives up.
  std::shared_ptr<Gate> write_gate;
  // What operations fail with: "write", "flush", "fsync", "truncate",
  // "fallocate", "create".
  std::map<std::string, Error, std::less<>> errors;
  // Owners of what was written are kept here.
  std::vector<fs::WrittenBytes>* kept = nullptr;
};

class MemoryNode : public fs::WritableNode {
 public:
  MemoryNode(std::shared_ptr<MemoryOptions> options, fs::NodeType type,
             mode_t permissions);

  Result<fs::Attributes> attributes() const override;
  fs::Caching caching() const override { return fs::Caching::kShort; }
  std::shared_ptr<fs::Lane> lane() const override { return options_->lane; }
  bool attributes_may_wait() const override { return false; }
  Result<fs::Attributes> change(
      const fs::AttributeChange& change) const override;
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override;
  Status set_attribute(std::string_view name, std::string_view value,
                       fs::AttributeMode mode) const override;
  Status remove_attribute(std::string_view name) const override;

 protected:
  Status fail_if_asked(std::string_view operation) const;

  const std::shared_ptr<MemoryOptions> options_;
  mutable Mutex mutex_;
  mutable fs::Attributes attributes_ DAGFS_GUARDED_BY(mutex_);
  mutable std::map<std::string, std::string, std::less<>> extended_
      DAGFS_GUARDED_BY(mutex_);

 private:
  virtual void resize(std::uint64_t /*size*/) const {}
};

class MemoryFile final : public MemoryNode {
 public:
  MemoryFile(std::shared_ptr<MemoryOptions> options, mode_t permissions)
      : MemoryNode(std::move(options), fs::NodeType::kFile, permissions) {}

  Result<std::unique_ptr<fs::FileHandle>> open(
      fs::OpenRequest request) const override;

  std::string content() const;

  // How often something was done with it, for tests to ask.
  mutable std::atomic<int> flushes = 0;
  mutable std::atomic<int> syncs = 0;
  mutable std::atomic<int> closes = 0;

 private:
  class Handle;

  void resize(std::uint64_t size) const override;

  mutable std::string content_ DAGFS_GUARDED_BY(mutex_);
};

class MemoryDirectory final : public MemoryNode {
 public:
  explicit MemoryDirectory(std::shared_ptr<MemoryOptions> options,
                           mode_t permissions = 0755)
      : MemoryNode(std::move(options), fs::NodeType::kDirectory, permissions) {}

  Result<fs::NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<fs::DirectoryHandle>> open_directory() const override;
  Result<fs::CreatedFile> create_file(const fs::NewEntry& entry,
                                      fs::OpenRequest request,
                                      fs::IfExists if_exists) const override;
  Result<fs::NodePtr> create_directory(
      const fs::NewEntry& entry) const override;
  Status remove_file(std::string_view name) const override;
  Status remove_directory(std::string_view name) const override;

  // The file `name`, which must be there.
  std::shared_ptr<const MemoryFile> file(std::string_view name) const;

 private:
  using Entries =
      std::map<std::string, std::shared_ptr<const MemoryNode>, std::less<>>;
  Status add(const fs::NewEntry& entry,
             std::shared_ptr<const MemoryNode> node) const;

  mutable Entries entries_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::tests
