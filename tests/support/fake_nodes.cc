// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/fake_nodes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace dagfs::tests {
namespace {

constexpr std::size_t kWideNameSize = 60;

std::uint64_t next_inode() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

// "name-" and the position, filled up with zeros.
void write_wide_name(std::uint64_t position, char (&name)[kWideNameSize]) {
  std::memcpy(name, "name-", 5);
  std::fill(name + 5, name + kWideNameSize, '0');
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), position).ptr;
  std::copy(digits, end, name + kWideNameSize - (end - digits));
}

std::uint64_t wide_inode(std::uint64_t position) {
  return (std::uint64_t{1} << 40) + position;
}

class ListHandle final : public fs::DirectoryHandle {
 public:
  struct Entry {
    std::string name;
    std::uint64_t inode;
    fs::NodeType type;
  };

  ListHandle(std::vector<Entry> entries, std::optional<Error> error)
      : entries_(std::move(entries)), error_(std::move(error)) {}

  Status read(std::uint64_t cookie, fs::DirectorySink* sink) override {
    for (std::size_t i = cookie; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      if (!sink->add(entry.name, entry.inode, entry.type, i + 1)) {
        return ok_status();
      }
    }
    if (error_) return *error_;
    return ok_status();
  }

 private:
  const std::vector<Entry> entries_;
  const std::optional<Error> error_;
};

class WideHandle final : public fs::DirectoryHandle {
 public:
  explicit WideHandle(std::uint64_t count) : count_(count) {}

  Status read(std::uint64_t cookie, fs::DirectorySink* sink) override {
    char name[kWideNameSize];
    for (std::uint64_t i = cookie; i < count_; ++i) {
      write_wide_name(i, name);
      if (!sink->add({name, kWideNameSize}, wide_inode(i), fs::NodeType::kFile,
                     i + 1)) {
        break;
      }
    }
    return ok_status();
  }

 private:
  const std::uint64_t count_;
};

}  // namespace

FakeNode::FakeNode(fs::NodeType type) {
  shown.type = type;
  shown.inode = next_inode();
}

Result<fs::Attributes> FakeNode::attributes() const {
  if (attributes_gate != nullptr) attributes_gate->pass();
  return shown;
}

std::vector<std::string> FakeNode::attribute_names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : extended) names.push_back(name);
  return names;
}

Result<std::optional<std::string>> FakeNode::attribute(
    std::string_view name) const {
  if (extended_error) return *extended_error;
  const auto found = extended.find(name);
  if (found == extended.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

Result<fs::NodePtr> FakeDirectory::lookup(std::string_view name) const {
  if (std::ranges::find(broken, name) != broken.end()) {
    return Error(ErrorCode::kCorrupt, "broken on purpose");
  }
  const MutexLock lock(mutex_);
  const auto found = entries.find(name);
  if (found == entries.end()) return fs::NodePtr();
  return found->second;
}

void FakeDirectory::replace(const std::string& name, fs::NodePtr node) {
  const MutexLock lock(mutex_);
  entries[name] = std::move(node);
}

Result<std::unique_ptr<fs::DirectoryHandle>> FakeDirectory::open_directory()
    const {
  std::vector<ListHandle::Entry> listed;
  const MutexLock lock(mutex_);
  for (const auto& [name, node] : entries) {
    const auto attributes = node->attributes();
    if (!attributes.ok()) continue;
    listed.push_back({name, attributes->inode, attributes->type});
  }
  for (const std::string& name : broken) {
    listed.push_back({name, 1, fs::NodeType::kFile});
  }
  return std::unique_ptr<fs::DirectoryHandle>(
      std::make_unique<ListHandle>(std::move(listed), list_error));
}

Result<fs::NodePtr> WideDirectory::lookup(std::string_view name) const {
  std::uint64_t position = 0;
  char expected[kWideNameSize];
  if (name.size() != kWideNameSize || !name.starts_with("name-")) {
    return fs::NodePtr();
  }
  std::from_chars(name.data() + 5, name.data() + name.size(), position);
  write_wide_name(position, expected);
  if (position >= count_ || name != std::string_view(expected, kWideNameSize)) {
    return fs::NodePtr();
  }
  auto file = std::make_shared<FakeFile>("");
  file->shown.inode = wide_inode(position);
  return fs::NodePtr(std::move(file));
}

Result<std::unique_ptr<fs::DirectoryHandle>> WideDirectory::open_directory()
    const {
  return std::unique_ptr<fs::DirectoryHandle>(
      std::make_unique<WideHandle>(count_));
}

void Gate::open() {
  const MutexLock lock(mutex_);
  is_open_ = true;
  changed_.notify_all();
}

void Gate::pass() {
  const MutexLock lock(mutex_);
  ++arrivals_;
  changed_.notify_all();
  while (!is_open_) changed_.wait(mutex_);
}

bool Gate::pass_unless(const std::stop_token& given_up) {
  const std::stop_callback wake(given_up, [this] {
    const MutexLock lock(mutex_);
    changed_.notify_all();
  });
  const MutexLock lock(mutex_);
  ++arrivals_;
  changed_.notify_all();
  while (!is_open_ && !given_up.stop_requested()) changed_.wait(mutex_);
  return is_open_;
}

void Gate::wait_for_arrivals(std::size_t count) {
  const MutexLock lock(mutex_);
  while (arrivals_ < count) changed_.wait(mutex_);
}

namespace {

// Appends `range` of `content`, as far as there is any.
void add_pieces(std::string_view content, ByteRange range,
                std::size_t piece_size, fs::ReadBuffers* buffers) {
  std::size_t at = std::min<std::size_t>(range.offset, content.size());
  const std::size_t end =
      at + std::min<std::size_t>(range.size, content.size() - at);
  while (at < end) {
    const std::size_t size = std::min(piece_size, end - at);
    buffers->pieces.push_back(
        {.iov_base = const_cast<char*>(content.data()) + at, .iov_len = size});
    at += size;
  }
}

class FakeHandle final : public fs::FileHandle {
 public:
  FakeHandle(std::shared_ptr<const FakeFile> file,
             std::shared_ptr<const std::string> content)
      : file_(std::move(file)), content_(std::move(content)) {}

  Status read(ByteRange range, fs::ReadBuffers* buffers) override {
    ++*file_->reads;
    if (file_->read_gate != nullptr) file_->read_gate->pass();
    add_pieces(*content_, range, file_->piece_size, buffers);
    buffers->owners.push_back(content_);
    return ok_status();
  }

  Status confirm() override {
    return file_->confirmation ? file_->confirmation() : ok_status();
  }
  bool direct_io() const override { return file_->is_direct; }

 private:
  const std::shared_ptr<const FakeFile> file_;
  const std::shared_ptr<const std::string> content_;
};

}  // namespace

Result<std::unique_ptr<fs::FileHandle>> FakeFile::open_file() const {
  if (open_gate != nullptr) open_gate->pass();
  if (open_error) return *open_error;
  return std::unique_ptr<fs::FileHandle>(std::make_unique<FakeHandle>(
      std::static_pointer_cast<const FakeFile>(shared_from_this()), content_));
}

struct BackedFile::Backing {
  Backing() = default;
  Backing(const Backing&) = delete;
  Backing& operator=(const Backing&) = delete;
  ~Backing() {
    if (memory != MAP_FAILED) ::munmap(memory, size);
  }

  UniqueFd fd;
  std::size_t size = 0;
  void* memory = MAP_FAILED;
  By by = By::kMapping;
};

namespace {

class BackedHandle final : public fs::FileHandle {
 public:
  BackedHandle(std::shared_ptr<const BackedFile::Backing> backing,
               std::size_t piece_size)
      : backing_(std::move(backing)), piece_size_(piece_size) {}

  Status read(ByteRange range, fs::ReadBuffers* buffers) override {
    add_pieces({static_cast<const char*>(backing_->memory), backing_->size},
               range, piece_size_, buffers);
    buffers->owners.push_back(backing_);
    return ok_status();
  }

  int passthrough_fd() const override {
    return backing_->by == BackedFile::By::kPassthrough ? backing_->fd.get()
                                                        : -1;
  }

 private:
  const std::shared_ptr<const BackedFile::Backing> backing_;
  const std::size_t piece_size_;
};

}  // namespace

BackedFile::BackedFile(std::shared_ptr<const Backing> backing)
    : FakeNode(fs::NodeType::kFile), backing_(std::move(backing)) {
  shown.size = backing_->size;
}

Result<std::shared_ptr<BackedFile>> BackedFile::open(const std::string& path,
                                                     By by) {
  auto backing = std::make_shared<Backing>();
  backing->by = by;
  backing->fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!backing->fd) return error_from_errno(errno, "open " + path);
  struct stat status = {};
  if (::fstat(backing->fd.get(), &status) != 0) {
    return error_from_errno(errno, "stat " + path);
  }
  backing->size = static_cast<std::size_t>(status.st_size);
  if (backing->size > 0) {
    backing->memory = ::mmap(nullptr, backing->size, PROT_READ, MAP_SHARED,
                             backing->fd.get(), 0);
    if (backing->memory == MAP_FAILED) {
      return error_from_errno(errno, "map " + path);
    }
  }
  return std::shared_ptr<BackedFile>(new BackedFile(std::move(backing)));
}

Result<std::unique_ptr<fs::FileHandle>> BackedFile::open_file() const {
  return std::unique_ptr<fs::FileHandle>(
      std::make_unique<BackedHandle>(backing_, piece_size));
}

}  // namespace dagfs::tests
