// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/memory_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "fs/nodes/listed_directory.h"

namespace dagfs::tests {
namespace {

std::uint64_t next_memory_inode() {
  static std::atomic<std::uint64_t> last = std::uint64_t{1} << 32;
  return ++last;
}

}  // namespace

MemoryNode::MemoryNode(std::shared_ptr<MemoryOptions> options,
                       fs::NodeType type, mode_t permissions)
    : options_(std::move(options)) {
  const MutexLock lock(mutex_);
  attributes_.type = type;
  attributes_.permissions = permissions;
  attributes_.inode = next_memory_inode();
}

Status MemoryNode::fail_if_asked(std::string_view operation) const {
  const auto found = options_->errors.find(operation);
  if (found == options_->errors.end()) return ok_status();
  return found->second;
}

Result<fs::Attributes> MemoryNode::attributes() const {
  const MutexLock lock(mutex_);
  return attributes_;
}

Result<fs::Attributes> MemoryNode::change(
    const fs::AttributeChange& change) const {
  if (change.size) {
    DAGFS_TRY(fail_if_asked("truncate"));
    resize(*change.size);
  }
  const MutexLock lock(mutex_);
  if (change.permissions) attributes_.permissions = *change.permissions;
  if (change.uid) attributes_.uid = change.uid;
  if (change.gid) attributes_.gid = change.gid;
  if (change.mtime && change.mtime->tv_nsec != UTIME_NOW) {
    attributes_.mtime = *change.mtime;
  }
  return attributes_;
}

Result<std::optional<std::string>> MemoryNode::attribute(
    std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = extended_.find(name);
  if (found == extended_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

Status MemoryNode::set_attribute(std::string_view name, std::string_view value,
                                 fs::AttributeMode mode) const {
  const MutexLock lock(mutex_);
  const bool is_there = extended_.contains(name);
  if (is_there && mode == fs::AttributeMode::kCreate) {
    return refusal(EEXIST, "create an attribute");
  }
  if (!is_there && mode == fs::AttributeMode::kReplace) {
    return refusal(ENODATA, "replace an attribute");
  }
  extended_[std::string(name)] = value;
  return ok_status();
}

Status MemoryNode::remove_attribute(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = extended_.find(name);
  if (found == extended_.end()) return refusal(ENODATA, "remove");
  extended_.erase(found);
  return ok_status();
}

class MemoryFile::Handle final : public fs::FileHandle {
 public:
  explicit Handle(std::shared_ptr<const MemoryFile> file)
      : file_(std::move(file)) {}
  ~Handle() override { ++file_->closes; }

  Status read(ByteRange range, fs::ReadBuffers* buffers) override {
    const std::string content = file_->content();
    const std::size_t at = std::min<std::size_t>(range.offset, content.size());
    const auto part =
        std::make_shared<std::string>(content.substr(at, range.size));
    if (part->empty()) return ok_status();
    buffers->pieces.push_back(
        {.iov_base = part->data(), .iov_len = part->size()});
    buffers->owners.push_back(part);
    return ok_status();
  }

  bool direct_io() const override { return file_->options_->is_direct; }

  Result<std::size_t> write(std::uint64_t offset, fs::WrittenBytes bytes,
                            const std::stop_token& given_up) override {
    MemoryOptions& options = *file_->options_;
    DAGFS_TRY(file_->fail_if_asked("write"));
    if (options.write_gate != nullptr &&
        !options.write_gate->pass_unless(given_up)) {
      return refusal(EINTR, "write");
    }
    const std::size_t size = bytes.bytes.size();
    const MutexLock lock(file_->mutex_);
    file_->attributes_.size = std::max(file_->attributes_.size, offset + size);
    if (options.discards) return size;
    std::string& content = file_->content_;
    if (content.size() < offset + size) content.resize(offset + size);
    if (size > 0) std::memcpy(&content[offset], bytes.bytes.data(), size);
    if (options.kept != nullptr) options.kept->push_back(std::move(bytes));
    return size;
  }

  Status flush() override {
    ++file_->flushes;
    return file_->fail_if_asked("flush");
  }
  Status sync(fs::SyncDepth /*depth*/) override {
    ++file_->syncs;
    return file_->fail_if_asked("fsync");
  }
  Status truncate(std::uint64_t size) override {
    DAGFS_TRY(file_->fail_if_asked("truncate"));
    file_->resize(size);
    return ok_status();
  }

 private:
  const std::shared_ptr<const MemoryFile> file_;
};

Result<std::unique_ptr<fs::FileHandle>> MemoryFile::open(
    fs::OpenRequest request) const {
  if (request.truncate) resize(0);
  return std::unique_ptr<fs::FileHandle>(std::make_unique<Handle>(
      std::static_pointer_cast<const MemoryFile>(shared_from_this())));
}

std::string MemoryFile::content() const {
  const MutexLock lock(mutex_);
  return content_;
}

void MemoryFile::resize(std::uint64_t size) const {
  const MutexLock lock(mutex_);
  if (!options_->discards) content_.resize(size);
  attributes_.size = size;
}

Result<fs::NodePtr> MemoryDirectory::lookup(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return fs::NodePtr();
  return fs::NodePtr(found->second);
}

Result<std::unique_ptr<fs::DirectoryHandle>> MemoryDirectory::open_directory()
    const {
  Entries entries;
  {
    const MutexLock lock(mutex_);
    entries = entries_;
  }
  std::vector<fs::DirectoryEntry> listed;
  for (const auto& [name, node] : entries) {
    const auto attributes = DAGFS_TRY(node->attributes());
    listed.push_back({name, attributes.inode, attributes.type});
  }
  return std::unique_ptr<fs::DirectoryHandle>(
      std::make_unique<fs::ListedDirectoryHandle>(std::move(listed)));
}

Status MemoryDirectory::add(const fs::NewEntry& entry,
                            std::shared_ptr<const MemoryNode> node) const {
  DAGFS_TRY(fail_if_asked("create"));
  DAGFS_TRY(node->change({.uid = entry.uid, .gid = entry.gid}));
  const MutexLock lock(mutex_);
  if (!entries_.emplace(entry.name, std::move(node)).second) {
    return refusal(EEXIST, "create");
  }
  return ok_status();
}

Result<fs::CreatedFile> MemoryDirectory::create_file(
    const fs::NewEntry& entry, fs::OpenRequest request,
    fs::IfExists if_exists) const {
  auto made = std::make_shared<const MemoryFile>(options_, entry.permissions);
  const Status added = add(entry, made);
  if (!added.ok()) {
    if (if_exists == fs::IfExists::kFail ||
        added.error().os_error() != EEXIST) {
      return added.error();
    }
    made = file(entry.name);
  }
  fs::CreatedFile created;
  created.handle = DAGFS_TRY(made->open(request));
  created.node = std::move(made);
  return created;
}

Result<fs::NodePtr> MemoryDirectory::create_directory(
    const fs::NewEntry& entry) const {
  const auto made =
      std::make_shared<const MemoryDirectory>(options_, entry.permissions);
  DAGFS_TRY(add(entry, made));
  return fs::NodePtr(made);
}

Status MemoryDirectory::remove_file(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return refusal(ENOENT, "remove");
  entries_.erase(found);
  return ok_status();
}

Status MemoryDirectory::remove_directory(std::string_view name) const {
  return remove_file(name);
}

std::shared_ptr<const MemoryFile> MemoryDirectory::file(
    std::string_view name) const {
  const MutexLock lock(mutex_);
  return std::dynamic_pointer_cast<const MemoryFile>(
      entries_.find(name)->second);
}

}  // namespace dagfs::tests
